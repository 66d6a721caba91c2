/**
 * The slice of `npm:pg` that is used here.
 *
 * @module
 */

interface Settings {
  host: string;
  port: number;
  user: string;
  database: string;
  password: string;
  ssl: boolean | { ca?: string; rejectUnauthorized?: boolean };
  application_name?: string;
  connectionTimeoutMillis?: number;
  keepAlive?: boolean;
  client_encoding?: string;
  sslnegotiation?: string;
  types?: { getTypeParser(type: number): (text: string) => unknown };
}

interface Statement {
  text: string;
  values: readonly unknown[];
  rowMode?: "array";
  name?: string;
}

/** One connection. */
declare class Client {
  constructor(settings: Settings);
  readonly connection: { stream: { destroy(): void } };
  connect(): Promise<void>;
  query<T>(statement: Statement): Promise<{ rows: T[]; rowCount: number | null }>;
  query(sql: string): Promise<unknown>;
  on(event: "error" | "end", call: () => void): void;
  on(event: "notification", call: (message: { channel: string }) => void): void;
  end(): Promise<void>;
}

declare const pg: { Client: typeof Client };
export default pg;
export type { Client };
