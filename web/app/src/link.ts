// The state of the connection, in the page's words.

/** Link is what the page knows about its connection. Times are local ms. */
export type Link =
  | { kind: "connecting"; waitingFor: string }
  | { kind: "locked" }
  | { kind: "live" }
  | { kind: "reconnecting"; at: number; since: number; why: "lost" | "silent" | "restarting" | "missed" | "ended" }
  | { kind: "offline"; at: number; since: number }
  | { kind: "busy"; at: number; why: string }
  | { kind: "expired"; why: string }
  | { kind: "forbidden"; why: string }
  | { kind: "stopped"; why: string };

export type Tone = "good" | "wait" | "bad";

export interface Words {
  tone: Tone;
  /** For the mark in the header. */
  mark: string;
  /** A sentence for the banner; empty when there is nothing to explain. */
  sentence: string;
  /** Whether "try now" makes sense. */
  retry: boolean;
}

/** A connection that is not back after this is called offline. */
const offlineAfter = 20_000;

const reasons = {
  lost: "The connection was lost.",
  silent: "Nothing was heard from the server for too long.",
  restarting: "The server is restarting.",
  missed: "Something was missed, so everything is fetched anew.",
  ended: "The server ended the connection.",
} as const;

/** describe puts a link into words, at a local time in ms. */
export function describe(link: Link, now: number): Words {
  switch (link.kind) {
    case "connecting":
      return { tone: "wait", mark: "Connecting", sentence: "", retry: false };
    case "locked":
      return { tone: "wait", mark: "Not logged in", sentence: "", retry: false };
    case "live":
      return { tone: "good", mark: "Live", sentence: "", retry: false };
    case "reconnecting":
      if (now - link.since >= offlineAfter) return describe({ ...link, kind: "offline" }, now);
      return {
        tone: "wait",
        mark: link.why === "restarting" ? "Server restarting" : "Reconnecting",
        sentence: `${reasons[link.why]} Connecting again ${inSeconds(link.at, now)}.`,
        retry: true,
      };
    case "offline":
      return {
        tone: "bad",
        mark: `Offline since ${clockTime(link.since)}`,
        sentence: `No connection to the server since ${clockTime(link.since)}. What you see is from then. Next attempt ${inSeconds(link.at, now)}.`,
        retry: true,
      };
    case "busy":
      return {
        tone: "wait",
        mark: "Server busy",
        sentence: `${link.why || "The server has as many connections as it allows."} Next attempt ${inSeconds(link.at, now)}.`,
        retry: true,
      };
    case "expired":
      return { tone: "bad", mark: "Session expired", sentence: link.why || "Your session has ended.", retry: false };
    case "forbidden":
      return {
        tone: "bad",
        mark: "Not allowed",
        sentence: link.why || "The server refuses this channel.",
        retry: true,
      };
    case "stopped":
      return { tone: "bad", mark: "Stopped", sentence: link.why || "The server ended this stream.", retry: true };
  }
}

function inSeconds(at: number, now: number): string {
  const s = Math.ceil((at - now) / 1000);
  return s <= 0 ? "now" : `in ${s} s`;
}

/** clockTime is the local time of day, as 14:03:22. */
export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour12: false });
}
