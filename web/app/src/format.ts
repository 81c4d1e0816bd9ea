// Numbers and times as people read them. Nothing here knows what it formats.

export const none = "–";

/** bits is a rate: 1.24 Gbps. */
export function bits(v: number | null): string {
  if (v === null) return none;
  return v === 0 ? "0" : scaled(v, ["bps", "kbps", "Mbps", "Gbps", "Tbps"], 1000);
}

/** bitsShort is a rate on an axis: 1.2G. */
export function bitsShort(v: number): string {
  return scaled(v, ["", "k", "M", "G", "T"], 1000).replace(" ", "");
}

function scaled(v: number, units: readonly string[], step: number): string {
  let i = 0;
  let n = Math.abs(v);
  // 999.6 would be rounded to 1000, so it moves up already.
  while (n >= step - 0.5 && i < units.length - 1) {
    n /= step;
    i++;
  }
  const digits = i === 0 ? 0 : n < 9.995 ? 2 : n < 99.95 ? 1 : 0;
  return `${v < 0 ? "-" : ""}${trim(n.toFixed(digits))} ${units[i]}`;
}

/** trim takes the zeros off that say nothing: 10.0 is 10. */
function trim(s: string): string {
  return s.includes(".") ? s.replace(/\.?0+$/, "") : s;
}

/** percent is a share: 7 %, 0.4 %. */
export function percent(v: number | null): string {
  if (v === null) return none;
  return `${v > 0 && v < 1 ? v.toFixed(1) : Math.round(v)} %`;
}

/** count groups digits: 12,304. */
export function count(v: number | null): string {
  return v === null ? none : Math.round(v).toLocaleString("en-US");
}

/** rate is something per second that should be zero: 0, 0.3, 12. */
export function rate(v: number | null): string {
  if (v === null) return none;
  return v > 0 && v < 10 ? trim(v.toFixed(1)) : count(v);
}

export function celsius(v: number | null): string {
  return v === null ? none : `${Math.round(v)} °C`;
}

/** span is a length of time in its two largest units: 3 d 4 h. */
export function span(seconds: number | null): string {
  if (seconds === null) return none;
  const s = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(s / 86400), "d"],
    [Math.floor(s / 3600) % 24, "h"],
    [Math.floor(s / 60) % 60, "min"],
    [s % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

/** age is a span in one unit, short enough for a column: 4 s, 12 min. */
export function age(seconds: number | null): string {
  if (seconds === null) return none;
  const s = Math.max(0, seconds);
  if (s < 100) return `${Math.floor(s)} s`;
  if (s < 6000) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** compareNames orders ether2 before ether10. */
export function compareNames(a: string, b: string): number {
  return byName.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** sentence makes one of a reason. */
export function sentence(reason: string): string {
  if (reason === "") return "";
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? "" : "."}`;
}
