/** What a client is made with. */
export interface Options {
  /** Where RouterPulse is, with a slash at its end; "/" by default. */
  url?: string;
  /**
   * A token for who has no session cookie. It is asked for before each connection, and again before the old one
   * ends; it is sent in a header, and the connection is opened with a ticket for one use.
   */
  token?: () => string | undefined | Promise<string | undefined>;
  /** False: a connection of this page's own. By default all tabs of the browser share one. */
  share?: boolean;
}

/** What to leave out of the channels, and what to bring of the past. */
export interface Filter {
  /** Only these routers, and those of group. At most 1000, and what a URL may hold: 8 KB behind most proxies. */
  router?: string[];
  /**
   * True: the routers come and go with Subscription.track. Without any there are none, not all. Not together with group.
   */
  track?: true;
  /** Only routers with one of these tags, as "site:nairobi". */
  group?: string[];
  /** How many past events to bring at first; none by default. */
  history?: number;
}

/** A row as it is now. Its value is never changed, but replaced. */
export interface Row<Value = Record<string, unknown>> {
  kind: "row";
  channel: string;
  topic: string;
  /** The name that the channel gives to the topic's events. */
  event: string;
  key: string;
  /** Missing or null: the row is gone. */
  value?: Value | null;
  /** Counts the row's updates; what it jumps by is how many were merged. */
  n?: number;
  seq?: number;
  /** When it changed, in Unix milliseconds; missing for what was there already. */
  time?: number;
}

/** Something that happened once. */
export interface Event<Data = Record<string, unknown>> {
  kind: "event";
  channel: string;
  topic: string;
  event: string;
  data: Data;
  /** Unix milliseconds. */
  time: number;
  pos: number;
  seq: number;
}

/** Events that will not come: the page was away for too long. */
export interface Gap {
  kind: "gap";
  channel: string;
  topic: string;
  why: string;
  /** How many, if that is known. */
  lost?: number;
  pos: number;
}

/** How the subscription is. */
export interface Status {
  /**
   * live: everything is here. waiting: the connection broke, and is tried again at a time. stopped: it is not
   * tried again before retry(), because the server refused it.
   */
  state: "connecting" | "live" | "waiting" | "stopped";
  /**
   * Of waiting: lost, silent, missed, busy, or what the server said as it closed (shutdown, reconfigured, …).
   * Of stopped: logged-out, expired, refused, denied, or what the server said (session-ended, …).
   */
  code?: string;
  /** The server's reason, for people. */
  why?: string;
  /** Of waiting: when the next attempt is, in Unix milliseconds of this machine. */
  at?: number;
  /** Channels that are not allowed, and why. */
  denied?: Record<string, string>;
  /** What each channel carries, by topic. */
  channels?: Record<string, Record<string, "state" | "log">>;
  /** What the parts of a key are called, by channel and topic. */
  keys?: Record<string, Record<string, string[]>>;
}

/** Each is called with what came in one step. */
export interface Handlers {
  rows?(rows: Row[]): void;
  events?(events: Event[]): void;
  gaps?(gaps: Gap[]): void;
  status?(status: Status): void;
}

/** How to end a subscription, by calling it, or to change it. */
export interface Subscription {
  (): void;
  /**
   * track says which routers are in view from now on, without another connection: for a page that shows some of many
   * and scrolls. Their rows come, whole; those of others go (value null). Of those that were in view the rows may be
   * told again. Only for who subscribed with track.
   */
  track(routers: string[]): void;
}

export interface Client {
  /** Rows that are known already come at once. */
  subscribe(channels: string | string[], on: Handlers, filter?: Filter): Subscription;
  /** retry connects anew now: after a login, or because somebody does not want to wait. */
  retry(): void;
  /** close ends all subscriptions. */
  close(): void;
}

/** connect returns a client. It opens nothing until something is subscribed to. */
export function connect(options?: Options): Client;
