// The sums over the fleet, for those who may see dashboard.stats.

import type { App } from "../app";
import { bits, count, percent } from "../format";
import { num } from "../model";
import { isObject } from "../protocol";
import { type Row, topicRows } from "../reducer";
import { routerHash } from "../route";

export function FleetStats({ app }: { app: App }) {
  const row = topicRows(app.fleet.value, "dashboard.stats").get("fleet");
  if (!row) return null;
  return (
    <dl class="stats">
      <Stat name="Received" value={bits(num(row, "rx_bits_per_second"))} mark="rx" />
      <Stat name="Sent" value={bits(num(row, "tx_bits_per_second"))} mark="tx" />
      <Stat name="PPP sessions" value={count(num(row, "ppp_sessions"))} />
      <Stat name="Hotspot sessions" value={count(num(row, "hotspot_sessions"))} />
      <Top name="Busiest CPU" row={row} field="top_cpu" format={percent} />
      <Top name="Most traffic" row={row} field="top_traffic" format={bits} />
    </dl>
  );
}

function Stat({ name, value, mark }: { name: string; value: string; mark?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={mark && `is-${mark}`}>{value}</dd>
    </div>
  );
}

/** Top names the first of a ranking; the others are in its tooltip. */
function Top(props: { name: string; row: Row; field: string; format: (v: number | null) => string }) {
  const ranking = readRanking(props.row.value[props.field]);
  const first = ranking[0];
  if (!first) return null;
  const all = ranking.map((r) => `${r.router}: ${props.format(r.value)}`).join("\n");
  return (
    <div title={all}>
      <dt>{props.name}</dt>
      <dd>
        {props.format(first.value)} <a href={routerHash(first.router)}>{first.router}</a>
      </dd>
    </div>
  );
}

/** readRanking: what is ranked by is the sum of an entry's numbers (received and sent, or one share). */
function readRanking(v: unknown): { router: string; value: number }[] {
  if (!Array.isArray(v)) return [];
  return v.filter(isObject).flatMap(({ router, ...numbers }) => {
    const value = Object.values(numbers).reduce((sum: number, n) => sum + (typeof n === "number" ? n : 0), 0);
    return typeof router === "string" ? [{ router, value }] : [];
  });
}
