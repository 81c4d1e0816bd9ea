// The whole state of the page is in the hash, so that a link shows what its sender saw.

import { compareNames } from "./format";

export interface Sort {
  column: string;
  descending: boolean;
}

export type Route =
  | { page: "fleet"; filter: string; state: string; sort: Sort }
  | { page: "router"; name: string; iface: string; sort: Sort };

export type FleetRoute = Extract<Route, { page: "fleet" }>;
export type RouterRoute = Extract<Route, { page: "router" }>;

export const defaultSort: Sort = { column: "name", descending: false };

/** parseRoute reads a location.hash; what it does not know is the plain list. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = split(hash.replace(/^#/, ""), "?");
  const p = new URLSearchParams(search);
  const sort = parseSort(p.get("sort") ?? "");
  const name = /^\/router\/(.+)$/.exec(path)?.[1];
  if (name !== undefined) {
    return { page: "router", name: decode(name), iface: p.get("if") ?? "", sort };
  }
  return { page: "fleet", filter: p.get("q") ?? "", state: p.get("state") ?? "", sort };
}

/** formatRoute is the hash of a route; defaults are left out. */
export function formatRoute(r: Route): string {
  const p = new URLSearchParams();
  if (r.page === "fleet") {
    if (r.filter) p.set("q", r.filter);
    if (r.state) p.set("state", r.state);
  } else if (r.iface) {
    p.set("if", r.iface);
  }
  const sort = formatSort(r.sort);
  if (sort) p.set("sort", sort);
  const path = r.page === "fleet" ? "/" : `/router/${encodeURIComponent(r.name)}`;
  const search = p.toString();
  return `#${path}${search ? `?${search}` : ""}`;
}

/** routerHash links to one router. */
export function routerHash(name: string): string {
  return formatRoute({ page: "router", name, iface: "", sort: defaultSort });
}

function parseSort(s: string): Sort {
  if (s === "") return defaultSort;
  return s.startsWith("-") ? { column: s.slice(1), descending: true } : { column: s, descending: false };
}

function formatSort(s: Sort): string {
  if (s.column === defaultSort.column && !s.descending) return "";
  return (s.descending ? "-" : "") + s.column;
}

function split(s: string, at: string): [string, string] {
  const i = s.indexOf(at);
  return i < 0 ? [s, ""] : [s.slice(0, i), s.slice(i + 1)];
}

function decode(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

/** A key to sort by: null goes last, whichever way. */
export type SortKey = string | number | null;

/** sorted orders items by a key, then by name, so that equal ones never swap places. */
export function sorted<T>(items: readonly T[], key: (t: T) => SortKey, name: (t: T) => string, down: boolean): T[] {
  const keyed = items.map((item) => ({ item, key: key(item), name: name(item) }));
  keyed.sort((a, b) => compareKeys(a.key, b.key, down) || compareNames(a.name, b.name));
  return keyed.map((k) => k.item);
}

function compareKeys(a: SortKey, b: SortKey, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === "number" && typeof b === "number" ? a - b : compareNames(String(a), String(b));
  return down ? -order : order;
}
