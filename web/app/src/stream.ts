// The client of /v1/stream. It owns one EventSource at a time and replaces it itself, because the
// browser's own reconnect cannot be seen (no countdown), stops for ever on any status but 200, and
// does not notice a connection that went silent.

import type { Link } from "./link";
import { type Bye, type Frame, frameTypes, parseFrame } from "./protocol";

/** Source is the part of EventSource that is used. */
export interface Source {
  readonly readyState: number;
  onerror: ((e: Event) => unknown) | null;
  addEventListener(type: string, listener: (e: MessageEvent<string>) => void): void;
  close(): void;
}

/** Env is the world outside, so that tests can bring their own. */
export interface Env {
  open(url: string): Source;
  fetch(url: string): Promise<Response>;
  now(): number;
  random(): number;
  online(): boolean;
  /** Runs f once before the next picture is drawn. */
  nextFrame(f: () => void): void;
}

/** Query is what is asked for; its order is that of the URL. */
export interface Query {
  channels: readonly string[];
  routers?: readonly string[];
  /** Events to send at a fresh start. */
  history?: number;
}

export interface Handlers {
  /** Applies frames; not null: something was missed, start again without a cursor. */
  frames(frames: readonly Frame[]): string | null;
  link(link: Link): void;
  /** The server refused: rights may have changed, so ask who we are. */
  refused(status: number): void;
}

const closed = 2;
/** Pings come every heartbeat ±20 %, so two may be missed before this. */
const silentBeats = 2.5;
const connectTimeout = 15_000;

export class Stream {
  private source: Source | null = null;
  private generation = 0;
  private queue: Frame[] = [];
  private flushing = false;
  /** The cursor: where to go on. Empty: start anew. */
  private lastId = "";
  private heartbeat = 15;
  private heardHello = false;
  private failures = 0;
  private downSince: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly base: string,
    private readonly query: Query,
    private readonly env: Env,
    private readonly on: Handlers,
  ) {}

  /** start connects; calling it again connects anew, at once, from where it was. */
  start(): void {
    this.drop();
    this.heardHello = false;
    if (this.downSince === null) {
      this.on.link({ kind: "connecting", waitingFor: `the first data of ${this.query.channels.join(", ")}` });
    }
    const generation = this.generation;
    const source = this.env.open(this.url("v1/stream", true));
    this.source = source;
    for (const type of frameTypes) {
      source.addEventListener(type, (e) => generation === this.generation && this.receive(type, e));
    }
    source.onerror = () => generation === this.generation && this.failed();
    this.watch(connectTimeout);
  }

  /** stop closes the connection and keeps the cursor: start goes on from there. */
  stop(): void {
    this.drop();
    this.downSince = null;
    this.failures = 0;
  }

  /** url of the stream or of its check; with the cursor if there is one. */
  private url(path: string, cursor: boolean): string {
    const p = new URLSearchParams();
    for (const c of this.query.channels) p.append("channel", c);
    for (const r of this.query.routers ?? []) p.append("router", r);
    if (cursor && this.lastId !== "") p.set("last_event_id", this.lastId);
    else if (this.query.history) p.set("history", String(this.query.history));
    return `${this.base}${path}?${p}`;
  }

  private receive(type: string, e: MessageEvent<string>): void {
    const frame = parseFrame(type, e.data);
    // Before a snapshot comes an id that stands for no rows, but for the events that were told.
    if (e.lastEventId !== "") this.lastId = e.lastEventId;
    if (frame?.type === "hello") {
      this.heardHello = true;
      this.heartbeat = frame.heartbeat;
    }
    this.watch(this.heardHello ? this.heartbeat * 1000 * silentBeats : connectTimeout);
    if (!frame) return;
    this.queue.push(frame);
    if (this.flushing) return;
    this.flushing = true;
    this.env.nextFrame(() => this.flush());
  }

  /** flush hands on all frames that came since the last picture, and acts on what they said. */
  private flush(): void {
    this.flushing = false;
    const frames = this.hand();
    if (frames === null) {
      this.again("missed");
    } else if (frames.some((f) => f.type === "sync")) {
      this.failures = 0;
      this.downSince = null;
      this.on.link({ kind: "live" });
    }
    const bye = frames?.find((f): f is Bye => f.type === "bye");
    if (bye && this.source) this.leave(bye);
  }

  /** hand gives the queue to the page, always whole: the cursor is already behind it. */
  private hand(): readonly Frame[] | null {
    const frames = this.queue;
    this.queue = [];
    if (frames.length === 0 || this.on.frames(frames) === null) return frames;
    this.lastId = "";
    return null;
  }

  /** leave acts on a goodbye, without waiting for the connection to end. */
  private leave(bye: Bye): void {
    if (!bye.reconnect) {
      this.drop();
      this.explain(bye);
    } else if (isBusy(bye.code)) {
      this.wait(5000, (at) => ({ kind: "busy", at, why: bye.why }));
    } else {
      this.again(isRestart(bye.code) ? "restarting" : "ended");
    }
  }

  /** failed is called when the connection ended or was never made. */
  private failed(): void {
    const refused = this.source?.readyState === closed;
    this.flush();
    if (!this.source) return; // the last frames ended the connection already
    this.drop();
    if (refused) void this.ask();
    else this.again("lost");
  }

  private watch(ms: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.again("silent"), ms);
  }

  /** again waits a little, longer each time, and connects. */
  private again(why: "lost" | "silent" | "restarting" | "missed" | "ended"): void {
    const since = this.downSince ?? this.env.now();
    const online = this.env.online();
    this.wait(this.pause(), (at) =>
      online ? { kind: "reconnecting", at, since, why } : { kind: "offline", at, since },
    );
  }

  /** pause is random, so that a restart of the server is not followed by a storm. */
  private pause(): number {
    const most = Math.min(3000 * 1.6 ** this.failures, 30_000);
    return most * (0.3 + 0.7 * this.env.random());
  }

  private wait(ms: number, link: (at: number) => Link): void {
    this.drop();
    this.failures++;
    this.downSince ??= this.env.now();
    this.on.link(link(this.env.now() + ms));
    this.timer = setTimeout(() => this.start(), ms);
  }

  /** ask learns why the stream was refused, which an EventSource cannot see. */
  private async ask(): Promise<void> {
    const generation = this.generation;
    let answer: Response;
    try {
      answer = await this.env.fetch(this.url("v1/stream/check", false));
    } catch {
      if (generation === this.generation) this.again("lost");
      return;
    }
    const why = await reasonOf(answer);
    if (generation !== this.generation) return;
    switch (answer.status) {
      case 204:
        this.on.link({ kind: "stopped", why: why || "You are logged out." });
        this.on.refused(204);
        break;
      case 401:
        this.on.link({ kind: "expired", why });
        this.on.refused(401);
        break;
      case 403:
        this.on.link({ kind: "forbidden", why });
        this.on.refused(403);
        break;
      case 429:
      case 503:
        this.wait(retryAfter(answer), (at) => ({ kind: "busy", at, why }));
        break;
      default:
        this.again("lost");
    }
  }

  /** explain shows why the server does not want us back. */
  private explain(bye: Bye): void {
    if (/expire|auth|session|revoked|401/.test(bye.code)) {
      this.on.link({ kind: "expired", why: bye.why });
      this.on.refused(401);
    } else if (/forbid|403/.test(bye.code)) {
      this.on.link({ kind: "forbidden", why: bye.why });
      this.on.refused(403);
    } else {
      this.on.link({ kind: "stopped", why: bye.why });
      if (isLogout(bye.code)) this.on.refused(204);
    }
  }

  private drop(): void {
    this.generation++;
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.source?.close();
    this.source = null;
    this.hand();
  }
}

function isRestart(code: string): boolean {
  return /restart|shutdown|drain/.test(code);
}

function isLogout(code: string): boolean {
  return /log(ged)?[-_ ]?out/.test(code);
}

function isBusy(code: string): boolean {
  return /limit|busy|many|429|503/.test(code);
}

function retryAfter(answer: Response): number {
  const s = Number(answer.headers.get("Retry-After"));
  return (s > 0 ? Math.min(s, 300) : 10) * 1000;
}

/** reasonOf reads the sentence of a problem document. */
export async function reasonOf(answer: Response): Promise<string> {
  try {
    const body = (await answer.json()) as Record<string, unknown>;
    for (const name of ["detail", "reason", "why", "error", "title"]) {
      if (typeof body[name] === "string" && body[name] !== "") return body[name];
    }
  } catch {
    // No JSON: the status has to be enough.
  }
  return "";
}
