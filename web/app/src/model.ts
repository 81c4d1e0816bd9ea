// What the topics' rows mean. A field that is missing is null: the server may know less than we show.

import type { Row, Rows, State } from "./reducer";
import { topicRows } from "./reducer";

/** The states of a router, the worst first: the order of the marks above the list. */
export const routerStates = ["offline", "auth-failed", "degraded", "stale", "unknown", "online"] as const;
export type RouterState = (typeof routerStates)[number];

/** What each state means, in a sentence. */
export const stateMeaning: Readonly<Record<RouterState, string>> = {
  online: "It answers, and everything asked for was read.",
  degraded: "It answers, but some of it could not be read.",
  stale: "It answers checks, but has sent no data for three periods.",
  offline: "It does not answer.",
  "auth-failed": "It answers, and refuses our credentials.",
  unknown: "It has not answered yet.",
};

export const stateWord: Readonly<Record<RouterState, string>> = {
  online: "online",
  degraded: "degraded",
  stale: "stale",
  offline: "offline",
  "auth-failed": "refused",
  unknown: "unknown",
};

/** num reads a number; very large integers travel as strings. */
export function num(row: Row | undefined, field: string): number | null {
  const v = row?.value[field];
  if (typeof v === "number") return v;
  if (typeof v !== "string" || v === "") return null;
  const n = Number(v);
  return Number.isNaN(n) ? null : n;
}

/** str reads a text. */
export function str(row: Row | undefined, field: string): string {
  const v = row?.value[field];
  return typeof v === "string" ? v : "";
}

/** first reads the first of some fields that is there: a channel may give a field another name. */
function first(row: Row | undefined, ...fields: string[]): number | null {
  for (const f of fields) {
    const v = num(row, f);
    if (v !== null) return v;
  }
  return null;
}

/** stateOf is the state of a router; one that the page does not know is "unknown". */
export function stateOf(row: Row | undefined): RouterState {
  const s = str(row, "status") || str(row, "state");
  return (routerStates as readonly string[]).includes(s) ? (s as RouterState) : "unknown";
}

/** answers tells whether what is shown of a router can be of now. */
export function answers(s: RouterState): boolean {
  return s === "online" || s === "degraded";
}

const routerPrefix = "router/";

/** routers are the rows of the list by name. */
export function routers(state: State): Rows {
  return topicRows(state, "router.live");
}

export function routerKey(name: string): string {
  return routerPrefix + name;
}

export function routerName(key: string): string {
  return key.startsWith(routerPrefix) ? key.slice(routerPrefix.length) : key;
}

/** An interface's key is interface/<router>/<name>; both may hold slashes. */
export function interfaceKey(router: string, name: string): string {
  return `interface/${router}/${name}`;
}

export interface Interface {
  name: string;
  row: Row;
}

/** interfacesOf lists what the stream has of one router. */
export function interfacesOf(state: State, router: string): Interface[] {
  const prefix = interfaceKey(router, "");
  const out: Interface[] = [];
  for (const [key, row] of topicRows(state, "router.interfaces")) {
    if (key.startsWith(prefix)) out.push({ name: key.slice(prefix.length), row });
  }
  return out;
}

export function pppOf(row: Row | undefined): number | null {
  return first(row, "ppp_sessions", "ppp");
}

export function hotspotOf(row: Row | undefined): number | null {
  return first(row, "hotspot_sessions", "hotspot");
}

/** usageOf is how much of an interface's speed one way takes, in percent. */
export function usageOf(row: Row, way: "rx" | "tx"): number | null {
  return first(row, `${way}_utilisation_percent`, `${way}_percent`);
}

/** sessions is how many users are logged in, null if nobody counts them. */
export function sessions(row: Row | undefined): number | null {
  const ppp = pppOf(row);
  const hotspot = hotspotOf(row);
  return ppp === null && hotspot === null ? null : (ppp ?? 0) + (hotspot ?? 0);
}

/** Types whose traffic is also counted on another interface. The same list as the server's sums use. */
export const carriers: readonly string[] = [
  "bridge",
  "vlan",
  "bond",
  "loopback",
  "tunnel",
  "eoip",
  "eoipv6",
  "gre-tunnel",
  "gre6-tunnel",
  "ipip-tunnel",
  "ipipv6-tunnel",
  "wg",
  "vrrp",
  "vxlan",
  "vpls",
  "ppp",
  "vrf",
  "veth",
  "macvlan",
  "macsec",
  "pppoe-out",
  "pppoe-in",
  "l2tp-out",
  "l2tp-in",
  "pptp-out",
  "pptp-in",
  "sstp-out",
  "sstp-in",
  "ovpn-out",
  "ovpn-in",
  "6to4-tunnel",
];

/** ports are the interfaces that make up a router's own rates. */
export function ports(interfaces: readonly Interface[]): string[] {
  return interfaces.filter((i) => !carriers.includes(str(i.row, "type"))).map((i) => i.name);
}

export const healthTopic = "pipeline.health";

/** A config that the server was given and refused: the one before goes on. */
export interface RefusedConfig {
  /** file:line:column: what is wrong there. */
  problem: string;
  /** How many problems there are beside that one. */
  more: number;
  /** When it was refused, server's ms. */
  at: number | null;
}

/** refusedConfig is what admins are told of the config that was read last; null if it is good. */
export function refusedConfig(state: State): RefusedConfig | null {
  const row = topicRows(state, healthTopic).get("config");
  const problem = str(row, "problem");
  if (problem === "") return null;
  return { problem, more: Math.max(0, (num(row, "problems") ?? 1) - 1), at: num(row, "time") };
}
