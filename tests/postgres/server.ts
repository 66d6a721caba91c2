/**
 * A real PostgreSQL server for tests: in a temporary folder, as an unprivileged
 * user, on loopback and a socket alone.
 *
 * @module
 */

/** User and group without rights: nobody. */
const UID = 65534;

/** What the server of a test is like. */
export interface ServerOptions {
  /** Whether writes reach the disk, which only matters for what a power failure does. */
  fsync?: boolean;
  /** Settings, such as `max_connections: "20"`. */
  settings?: Record<string, string>;
  /** Folder of the data, which has to be empty; by default a new temporary one. */
  folder?: string;
}

/** Why there is no server, if so. */
export const postgresMissing: string | undefined = findMissing();

/** The same, as tests want it. */
export const postgresServer = {
  missing: postgresMissing !== undefined,
  reason: postgresMissing ?? "",
};

function findMissing(): string | undefined {
  if (Deno.build.os !== "linux") return "needs Linux to start PostgreSQL";
  if (binFolder() === undefined) return "needs PostgreSQL";
  return undefined;
}

function binFolder(): string | undefined {
  const root = "/usr/lib/postgresql";
  try {
    const versions = [...Deno.readDirSync(root)].map(({ name }) => name)
      .sort((a, b) => Number(b) - Number(a));
    const version = versions.find((name) => isFile(`${root}/${name}/bin/initdb`));
    return version && `${root}/${version}/bin`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A server, which a test starts, kills and stops. */
export class PostgresServer implements AsyncDisposable {
  /** Port on 127.0.0.1, and of the socket. */
  readonly port: number;
  /** Folder of everything. */
  readonly folder: string;
  /** Password of the superuser "goflow". */
  readonly password: string;
  readonly #settings: string[];
  readonly #temporary: boolean;
  #child: Deno.ChildProcess | undefined;

  private constructor(
    folder: string,
    temporary: boolean,
    port: number,
    settings: string[],
    password: string = crypto.randomUUID(),
  ) {
    this.folder = folder;
    this.port = port;
    this.password = password;
    this.#temporary = temporary;
    this.#settings = settings;
  }

  /** Makes a server and starts it. */
  static async start(options: ServerOptions = {}): Promise<PostgresServer> {
    const folder = options.folder ?? await makeFolder();
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      fsync: options.fsync ? "on" : "off",
      shared_buffers: "64MB",
      ...options.settings,
    };
    const server = new PostgresServer(
      folder,
      options.folder === undefined,
      freePort(),
      Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    );
    await endWithProcess(folder);
    await server.#initialise();
    await server.restart();
    return server;
  }

  /** Makes a replica of it that follows it, and starts that. */
  async replicate(): Promise<PostgresServer> {
    const folder = await makeFolder();
    const settings = this.#settings.map((one) => one.replaceAll(this.folder, folder));
    const replica = new PostgresServer(folder, true, freePort(), settings, this.password);
    await endWithProcess(folder);
    await give(folder);
    const passwords = `${folder}/passwords`;
    await Deno.writeTextFile(passwords, `*:*:*:*:${this.password}\n`, { mode: 0o600 });
    await give(passwords);
    const place = `host=127.0.0.1 port=${this.port} user=goflow passfile=${passwords}`;
    const { success } = await command("pg_basebackup", [
      "-d",
      place,
      "-D",
      `${folder}/data`,
      "-R",
      "-X",
      "stream",
      "-c",
      "fast",
    ]).output();
    if (!success) throw new Error(`Cannot replicate into ${folder}`);
    await replica.restart();
    return replica;
  }

  /** URL of a database, by default of "postgres". */
  url(database = "postgres", password = this.password): string {
    return `postgres://goflow:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** URL by the socket. */
  socketUrl(): string {
    const host = encodeURIComponent(this.folder);
    return `postgres://goflow:${this.password}@${host}:${this.port}/postgres`;
  }

  /**
   * The server that all tests of this process share; it ends with the process,
   * whatever becomes of that.
   */
  static async shared(): Promise<PostgresServer> {
    const folder = `/tmp/goflow-pg-of-${Deno.pid}`;
    const found = readIfThere(`${folder}/shared.json`);
    if (found !== undefined) {
      const { port, password } = JSON.parse(found) as { port: number; password: string };
      return new PostgresServer(folder, false, port, [], password);
    }
    await Deno.mkdir(folder);
    const server = await PostgresServer.start({ folder, settings: { max_connections: "200" } });
    const { port, password } = server;
    await Deno.writeTextFile(`${folder}/shared.json`, JSON.stringify({ port, password }));
    const child = server.#child!;
    server.#child = undefined;
    child.unref();
    return server;
  }

  /** Starts it again after it was killed or stopped. */
  async restart(): Promise<void> {
    const child = command("postgres", [
      "-D",
      `${this.folder}/data`,
      "-p",
      String(this.port),
      ...this.#settings,
    ]).spawn();
    this.#child = child;
    // The first line is the process, the last says so; a killed server leaves its file behind.
    const ready = new RegExp(`^${child.pid}\n[^]*\nready *\n$`);
    while (!ready.test(readIfThere(`${this.folder}/data/postmaster.pid`) ?? "")) {
      const ended = await Promise.race([child.status, pause(10)]);
      if (ended !== undefined) throw new Error(`The server ended with code ${ended.code}`);
    }
  }

  /** Kills it as a power failure would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
    // Its children notice, and let the shared memory go.
    for (let left = 100; left > 0 && this.#isHeld(); left--) await pause(20);
  }

  /** Stops it and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGQUIT");
    if (this.#temporary) await Deno.remove(this.folder, { recursive: true });
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    child.kill(signal);
    await child.status;
  }

  async #initialise(): Promise<void> {
    await give(this.folder);
    const passwordFile = `${this.folder}/password`;
    await Deno.writeTextFile(passwordFile, this.password, { mode: 0o600 });
    await give(passwordFile);
    const { success } = await command("initdb", [
      "-D",
      `${this.folder}/data`,
      "-U",
      "goflow",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "--no-sync",
      "--no-instructions",
    ]).output();
    if (!success) throw new Error(`Cannot make a database in ${this.folder}`);
    await Deno.remove(passwordFile);
  }

  /** Whether a process of the server still has the folder open. */
  #isHeld(): boolean {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        if (Deno.readLinkSync(`/proc/${name}/cwd`) === `${this.folder}/data`) return true;
      } catch (error) {
        // It ended, or is none of ours.
        if (!(error instanceof Deno.errors.NotFound)) continue;
      }
    }
    return false;
  }
}

/**
 * Ends the server of a folder, and removes the folder, once this process is
 * gone, whatever becomes of that.
 */
async function endWithProcess(folder: string): Promise<void> {
  const watch = `while kill -0 ${Deno.pid} 2>/dev/null && [ -e ${folder} ]; do sleep 0.3; done
    [ -e ${folder} ] || exit
    pid=${folder}/data/postmaster.pid
    [ -e $pid ] && kill -QUIT $(head -n 1 $pid) && while [ -e $pid ]; do sleep 0.1; done
    rm -rf ${folder}`;
  await new Deno.Command("sh", {
    args: ["-c", `setsid sh -c '${watch}' >/dev/null 2>&1 </dev/null &`],
  }).output();
}

/** In a folder that every user can reach, with a path that is short enough for a socket. */
function makeFolder(): Promise<string> {
  return Deno.makeTempDir({ dir: "/tmp", prefix: "goflow-pg-" });
}

/** Makes a file that of the user who runs the server. */
export async function give(path: string): Promise<void> {
  if (Deno.uid() === 0) await Deno.chown(path, UID, UID);
}

/** The programs refuse root. */
function command(program: string, args: string[]): Deno.Command {
  const path = `${binFolder()}/${program}`;
  const isRoot = Deno.uid() === 0;
  return new Deno.Command(isRoot ? "setpriv" : path, {
    args: isRoot ? [`--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", path, ...args] : args,
    // A language of messages that the tests can read.
    env: { LC_ALL: "C.UTF-8", LC_MESSAGES: "C" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
