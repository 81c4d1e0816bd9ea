// The page's state and what changes it. Views read signals and call methods; they know no network.

import { batch, type Signal, signal } from "@preact/signals";
import { Api, fleetChannels, type Me, routerChannel } from "./access";
import { Skew } from "./clock";
import type { Link } from "./link";
import { healthTopic } from "./model";
import type { Frame } from "./protocol";
import { type Changed, emptyState, reduce, type State } from "./reducer";
import { formatRoute, parseRoute, type Route } from "./route";
import { type Env, Stream } from "./stream";
import { Trails } from "./trail";

/** Detail is the second stream, of the router that is looked at. */
export interface Detail {
  readonly router: string;
  readonly state: State;
  readonly link: Link;
  /** False: no channel with interfaces is open to us, so none will come. */
  readonly watched: boolean;
}

/** Page is the browser. */
export interface Page extends Env {
  /** The address that API paths are relative to, with a slash at its end. */
  readonly base: string;
  request(url: string, init?: RequestInit): Promise<Response>;
  /** Sets the hash, as a step that Back undoes, or in place of the current one. */
  go(hash: string, replace: boolean): void;
}

type Watcher = (name: string) => void;

/** ended tells whether a stream stopped trying by itself. */
function ended(link: Link): boolean {
  return link.kind === "expired" || link.kind === "forbidden" || link.kind === "stopped";
}

/** A hidden tab gives its connections up: over HTTP/1.1 a browser has six for all tabs. */
const hiddenFor = 20_000;
const history = 30;

export class App {
  readonly route: Signal<Route> = signal(parseRoute(""));
  readonly me = signal<Me | null>(null);
  readonly link = signal<Link>({ kind: "connecting", waitingFor: "the server" });
  readonly fleet = signal<State>(emptyState);
  readonly detail = signal<Detail | null>(null);
  /** Local ms, once a second. */
  readonly now = signal(0);
  /** Server's ms of the last change that came in. */
  readonly lastChange = signal<number | null>(null);
  /** How often a stream became live: history has to be asked for anew. */
  readonly syncs = signal(0);
  /** Null: no dialog. Else why it is open. */
  readonly loginFor = signal<string | null>(null);
  /** Something to say once, until it is closed. */
  readonly notice = signal("");
  readonly trails = new Trails();
  readonly skew = new Skew();

  private stream: Stream | null = null;
  private detailStream: Stream | null = null;
  private channels: readonly string[] = [];
  private readonly watchers = new Set<Watcher>();
  private meFailures = 0;
  private meDown: number | null = null;
  private meTimer: ReturnType<typeof setTimeout> | undefined;
  private hideTimer: ReturnType<typeof setTimeout> | undefined;
  private asleep = false;
  readonly api: Api;

  constructor(readonly page: Page) {
    this.api = new Api(page.base, page.request);
    this.now.value = page.now();
  }

  /** serverNow is the server's time in ms; it moves once a second. */
  serverNow(): number {
    return this.skew.serverNow(this.now.value);
  }

  /** connect finds out what we may see and opens the streams. */
  async connect(): Promise<void> {
    clearTimeout(this.meTimer);
    try {
      const { me, skew } = await this.api.me();
      if (skew !== null) this.skew.guess(skew);
      this.meFailures = 0;
      this.meDown = null;
      this.listen(me);
    } catch {
      this.retryMe();
    }
  }

  /** retryNow does not wait for the countdown. */
  retryNow(): void {
    if (this.stream) {
      this.stream.start();
      this.detailStream?.start();
    } else void this.connect();
  }

  /** backOnline: the machine has a network again, so waiting makes no sense. */
  backOnline(): void {
    const { kind } = this.link.value;
    if (kind === "offline" || kind === "reconnecting") this.retryNow();
  }

  /** watch calls f with the name of each router that brought a new sample; it returns how to stop. */
  watch(f: Watcher): () => void {
    this.watchers.add(f);
    return () => this.watchers.delete(f);
  }

  /** go shows a route. replace: Back should not lead to the one before (each letter of a filter). */
  go(route: Route, replace = false): void {
    const hash = formatRoute(route);
    this.page.go(hash, replace);
    this.routed(hash);
  }

  /** routed follows the hash. */
  routed(hash: string): void {
    this.route.value = parseRoute(hash);
    this.openDetail();
  }

  async login(secret: string, user = ""): Promise<string> {
    const why = await this.api.login(secret, user);
    if (why !== "") return why;
    this.loginFor.value = null;
    this.notice.value = "";
    await this.connect();
    return "";
  }

  async logout(): Promise<void> {
    await this.api.logout().catch(() => undefined);
    this.close();
    batch(() => {
      this.fleet.value = emptyState;
      this.lastChange.value = null;
      this.link.value = { kind: "connecting", waitingFor: "the server" };
    });
    await this.connect();
  }

  /** hidden gives the connections up after a while; seen takes them up again from where they were. */
  hidden(): void {
    clearTimeout(this.hideTimer);
    this.hideTimer = setTimeout(() => {
      this.asleep = true;
      clearTimeout(this.meTimer);
      this.stream?.stop();
      this.detailStream?.stop();
    }, hiddenFor);
  }

  seen(): void {
    clearTimeout(this.hideTimer);
    this.now.value = this.page.now();
    if (!this.asleep) return;
    this.asleep = false;
    this.retryNow();
  }

  private retryMe(): void {
    const now = this.page.now();
    this.meDown ??= now;
    const pause = Math.min(2000 * 1.6 ** this.meFailures++, 30_000);
    const at = now + pause;
    const since = this.meDown;
    this.link.value = { kind: "reconnecting", at, since, why: "lost" };
    this.meTimer = setTimeout(() => void this.connect(), pause);
  }

  /** listen opens the fleet's stream for what me may see. */
  private listen(me: Me): void {
    const channels = fleetChannels(me);
    const same = this.stream !== null && String(channels) === String(this.channels) && me.user === this.me.value?.user;
    this.me.value = me;
    if (same) {
      if (ended(this.link.value)) this.retryNow();
      this.openDetail();
      return;
    }
    this.close();
    this.channels = channels;
    if (channels.length > 0) {
      this.stream = new Stream(this.page.base, { channels, history }, this.page, {
        frames: (frames) => this.apply(frames),
        link: (link) => this.setLink(link),
        refused: () => void this.refused(),
      });
      this.stream.start();
    } else if (this.link.value.kind !== "expired") {
      this.link.value = { kind: "locked" };
    }
    this.openDetail();
  }

  private apply(frames: readonly Frame[]): string | null {
    const r = reduce(this.fleet.value, frames);
    batch(() => {
      this.fleet.value = r.state;
      this.took(frames);
      this.noticed(r.changed);
    });
    return r.broken;
  }

  private took(frames: readonly Frame[]): void {
    for (const f of frames) {
      if (f.type === "hello") this.skew.begin();
      else if (f.type === "sync") this.syncs.value++;
      else if (f.type === "ping") this.skew.observe(f.time ?? 0, this.page.now());
      else if (f.type === "delta") {
        this.skew.observe(f.time, this.page.now());
        // How the server does is no news of a router.
        if (f.changes.some((c) => c.topic !== healthTopic))
          this.lastChange.value = Math.max(f.time, this.lastChange.value ?? 0);
      }
    }
  }

  private noticed(changed: readonly Changed[]): void {
    const fresh = new Set<string>();
    for (const c of changed) {
      const name = this.trails.observe(c);
      if (name === null) continue;
      fresh.add(name);
      const at = Number(c.row?.value.last_good);
      if (this.lastChange.peek() === null && at > 0) this.lastChange.value = at;
    }
    for (const name of fresh) for (const w of this.watchers) w(name);
  }

  private setLink(link: Link): void {
    this.link.value = link;
  }

  /** refused: the session may have ended, and what is public may still be open. */
  private async refused(): Promise<void> {
    const before = this.me.value?.user ?? "";
    let me: Me;
    try {
      ({ me } = await this.api.me());
    } catch {
      return;
    }
    const channels = fleetChannels(me);
    const changed = String(channels) !== String(this.channels);
    if (before !== "" && me.user === "" && channels.length > 0) {
      this.notice.value = "Your session has ended. Log in again to see what is not public.";
    }
    if (channels.length > 0 && changed) this.listen(me);
    else this.me.value = me;
    if (channels.length === 0) this.loginFor.value = "Your session has ended. Log in and the page goes on from here.";
  }

  private openDetail(): void {
    const route = this.route.value;
    const me = this.me.value;
    const router = route.page === "router" && me ? route.name : null;
    if (router !== null && this.detail.value?.router === router && this.detailStream) return;
    this.detailStream?.stop();
    this.detailStream = null;
    if (router === null || !me) {
      this.detail.value = null;
      return;
    }
    const channel = routerChannel(me, router);
    const link: Link = { kind: "connecting", waitingFor: "the interfaces" };
    const state = this.detail.value?.router === router ? this.detail.value.state : emptyState;
    this.detail.value = { router, state, link, watched: channel !== null };
    if (channel === null) return;
    this.detailStream = new Stream(this.page.base, { channels: [channel], routers: [router] }, this.page, {
      frames: (frames) => this.applyDetail(router, frames),
      link: (l) => this.patchDetail(router, { link: l }),
      refused: () => undefined,
    });
    this.detailStream.start();
  }

  private applyDetail(router: string, frames: readonly Frame[]): string | null {
    const d = this.detail.value;
    if (d?.router !== router) return null;
    const r = reduce(d.state, frames);
    batch(() => {
      this.patchDetail(router, { state: r.state });
      if (frames.some((f) => f.type === "sync")) this.syncs.value++;
    });
    return r.broken;
  }

  private patchDetail(router: string, patch: Partial<Detail>): void {
    const d = this.detail.value;
    if (d?.router === router) this.detail.value = { ...d, ...patch };
  }

  private close(): void {
    this.stream?.stop();
    this.stream = null;
    this.detailStream?.stop();
    this.detailStream = null;
  }
}
