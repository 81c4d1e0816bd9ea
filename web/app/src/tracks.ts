// The data of a router's charts: history from the store, the tail from the stream.

import { type Signal, signal } from "@preact/signals";
import type { App } from "./app";
import {
  hour,
  join,
  lastIn,
  NoHistory,
  type Point,
  queryRange,
  type Range,
  rangeFor,
  selector,
  since,
  toPoints,
} from "./history";
import { interfaceKey, interfacesOf, num, ports, routerKey, routers } from "./model";
import { type Row, topicRows } from "./reducer";

/** Both streams bring what one poll read in the same cut; this is how far apart they may arrive, in ms. */
const settle = 400;

/** Source is what a chart shows: where its history is, and how to read its lines now. */
export interface Source {
  /** One query per line. A text: there is none, and why. Null: that is not known yet. */
  queries(range: Range): readonly string[] | string | null;
  lines(router: Row | undefined): readonly (number | null)[];
}

/** cpuOf is the load of a router. */
export function cpuOf(router: string): Source {
  return {
    queries: (r) => [lastIn(selector("router_cpu_percent", { device: router }), r)],
    lines: (row) => [num(row, "cpu_percent")],
  };
}

const rates = ["rx_bits_per_second", "tx_bits_per_second"] as const;

/** portTraffic is what one interface receives and sends. */
export function portTraffic(app: App, router: string, name: string): Source {
  return {
    queries: (r) => rates.map((f) => lastIn(selector(`interface_${f}`, { device: router, interface: name }), r)),
    lines: () => {
      const state = app.detail.value?.state;
      const row = state && topicRows(state, "router.interfaces").get(interfaceKey(router, name));
      return rates.map((f) => num(row, f));
    },
  };
}

/** allTraffic is a router's own: the sum of its ports. */
export function allTraffic(app: App, router: string): Source {
  return {
    queries: (r) => {
      const d = app.detail.value;
      if (d?.router !== router) return null;
      if (d.watched && !d.state.synced) return null;
      const names = ports(interfacesOf(d.state, router));
      if (names.length === 0) return unknownPorts;
      return rates.map((f) => `sum(${lastIn(selector(`interface_${f}`, { device: router, interface: names }), r)})`);
    },
    lines: (row) => rates.map((f) => num(row, f)),
  };
}

const unknownPorts = "a router's traffic is the sum of its ports, and they are not known here";

/** Track is one chart's points, of the last hour. */
export class Track {
  readonly points: Signal<readonly Point[]> = signal([]);
  /** Why there is no history; "" while there is, or while it is asked for. */
  readonly why = signal("");
  /** Seconds without a sample that are a hole. */
  gap: number;
  private history: readonly Point[] = [];
  private live: readonly Point[] = [];
  private loads = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly unwatch: () => void;

  constructor(
    private readonly app: App,
    private readonly router: string,
    private readonly source: Source,
  ) {
    this.gap = this.range().window;
    this.unwatch = app.watch((name) => {
      if (name !== router) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.take(), settle);
    });
  }

  close(): void {
    this.unwatch();
    clearTimeout(this.timer);
    this.loads++;
  }

  /** load fetches what is stored: at first, and again after each break of the stream. */
  async load(): Promise<void> {
    const load = ++this.loads;
    const range = this.range();
    const queries = this.source.queries(range);
    if (queries === null) return;
    const { base, request } = this.app.page;
    try {
      if (typeof queries === "string") throw new NoHistory(queries);
      const lines = await Promise.all(queries.map((q) => queryRange(request, base, q, range)));
      if (load !== this.loads) return;
      this.history = toPoints(lines);
      this.gap = Math.max(range.window, 1.5 * range.step);
      this.live = afterBreak(this.live, range.window);
      this.why.value = this.history.length === 0 ? "nothing is stored of this hour yet" : "";
    } catch (e) {
      if (load !== this.loads) return;
      this.why.value = e instanceof Error ? e.message : String(e);
    }
    this.show();
  }

  private range(): Range {
    const now = this.app.skew.serverNow(this.app.page.now()) / 1000;
    const anchor = num(this.row(), "last_good");
    return rangeFor(now, anchor && anchor / 1000, this.app.trails.period(this.router) / 1000);
  }

  /** take adds the readings as they are now, at the time of the router's last sample. */
  private take(): void {
    const row = this.row();
    const at = num(row, "last_good");
    if (at === null) return;
    const p = { t: at / 1000, v: this.source.lines(row) };
    const last = this.live.at(-1);
    if (last && p.t <= last.t) return;
    this.live = [...since(this.live, p.t - hour), p];
    this.show();
  }

  private row(): Row | undefined {
    return routers(this.app.fleet.value).get(routerKey(this.router));
  }

  private show(): void {
    const all = join(this.history, this.live);
    this.points.value = since(all, (all.at(-1)?.t ?? 0) - hour);
  }
}

/** afterBreak is the tail since the last hole in it: what lies before is whole in the history. */
function afterBreak(live: readonly Point[], hole: number): readonly Point[] {
  const i = live.findLastIndex((p, at) => p.t - (live[at - 1]?.t ?? p.t) > hole);
  return i > 0 ? live.slice(i) : live;
}
