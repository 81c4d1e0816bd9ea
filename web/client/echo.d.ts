import type { Client, Options, Status } from "./index.js";

export type ConnectionStatus = "connected" | "disconnected" | "connecting" | "reconnecting" | "failed";

/** The options of Echo that are used. */
export interface EchoOptions extends Options {
  /** Of Laravel's events; "App.Events" by default, false for none. */
  namespace?: string | false;
  bearerToken?: string;
  auth?: { headers?: Record<string, string> };
  [others: string]: unknown;
}

/** RouterPulse is a broadcaster for Echo: new Echo({ broadcaster: RouterPulse }). */
export class RouterPulse {
  constructor(options?: EchoOptions);
  readonly client: Client;
  readonly channels: Record<string, Channel>;
  connect(): void;
  channel(name: string): Channel;
  privateChannel(name: string): Channel;
  /** It throws: there are none. */
  presenceChannel(name: string): never;
  /** It throws, and says what there is instead. */
  get pusher(): never;
  /** As pusher. */
  get socket(): never;
  /** It does nothing: the session of the page, or its token, says who it is. */
  signin(): void;
  // biome-ignore lint/suspicious/noExplicitAny: what an event says is the page's to know
  listen(name: string, event: string, callback: (data: any) => void): Channel;
  leave(name: string): void;
  leaveChannel(name: string): void;
  socketId(): undefined;
  connectionStatus(): ConnectionStatus;
  onConnectionChange(callback: (status: ConnectionStatus) => void): () => void;
  disconnect(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: what an event says is the page's to know
type Listener = (data: any) => void;

export interface Channel {
  readonly name: string;
  listen(event: string, callback: Listener): this;
  stopListening(event: string, callback?: Listener): this;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  listenToAll(callback: (event: string, data: any) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  stopListeningToAll(callback?: (event: string, data: any) => void): this;
  subscribed(callback: () => void): this;
  error(callback: (status: Status) => void): this;
  notification(callback: Listener): this;
  stopListeningForNotification(callback?: Listener): this;
  listenForWhisper(event: string, callback: Listener): this;
  stopListeningForWhisper(event: string, callback?: Listener): this;
  /** It throws: the stream goes one way. */
  whisper(event: string, data?: unknown): never;
  /** on takes an event by its whole name, without a dot before it. */
  on(event: string, callback: Listener): this;
  /** subscribe takes up again what unsubscribe ended; a new channel is subscribed. */
  subscribe(): void;
  unsubscribe(): void;
}
