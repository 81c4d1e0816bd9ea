// What was seen of each router since the page was opened: how often it reports, and its last readings.

import { num, routerName } from "./model";
import type { Changed, Row } from "./reducer";

/** Trail is what is remembered of one router. */
export interface Trail {
  /** The time of its last good sample, server's ms. */
  lastGood: number;
  /** ms between two samples, the latest ones. */
  readonly spans: number[];
  /** Received plus sent, bits per second, oldest first. */
  readonly traffic: number[];
}

const keep = 40;
const keepSpans = 7;
const assumedPeriod = 30_000;

/** Trails follows all routers. */
export class Trails {
  private readonly all = new Map<string, Trail>();

  /** observe takes note of a change; the name of the router if it brought a new sample. */
  observe(c: Changed): string | null {
    if (c.topic !== "router.live") return null;
    const name = routerName(c.key);
    if (!c.row) {
      this.all.delete(name);
      return null;
    }
    const at = num(c.row, "last_good");
    const old = this.all.get(name);
    if (at === null || (old && at <= old.lastGood)) return null;
    if (old) {
      old.spans.push(at - old.lastGood);
      if (old.spans.length > keepSpans) old.spans.shift();
      old.lastGood = at;
      remember(old, c.row);
    } else {
      const fresh: Trail = { lastGood: at, spans: [], traffic: [] };
      remember(fresh, c.row);
      this.all.set(name, fresh);
    }
    return name;
  }

  traffic(name: string): readonly number[] {
    return this.all.get(name)?.traffic ?? [];
  }

  /** period is how often a router reports, in ms. Routers not seen twice report like the others. */
  period(name: string): number {
    const own = median(this.all.get(name)?.spans);
    if (own !== null) return own;
    for (const t of this.all.values()) {
      const other = median(t.spans);
      if (other !== null) return other;
    }
    return assumedPeriod;
  }
}

/** median forgives a sample that was missed, or that came late. One span alone may be such a one. */
function median(spans: readonly number[] = []): number | null {
  if (spans.length < 2) return null;
  const sorted = [...spans].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? null;
}

function remember(t: Trail, row: Row): void {
  const rx = num(row, "rx_bits_per_second");
  const tx = num(row, "tx_bits_per_second");
  if (rx === null && tx === null) return;
  t.traffic.push((rx ?? 0) + (tx ?? 0));
  if (t.traffic.length > keep) t.traffic.shift();
}

/** isOld tells whether an age needs to be marked: above twice the period, and a moment for the way. */
export function isOld(ageMs: number, period: number): boolean {
  return ageMs > 2 * period + 2000;
}
