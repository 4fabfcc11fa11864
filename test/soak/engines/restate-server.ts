import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The program of a Restate server, by `RESTATE_SERVER` or from the package; `undefined` where there is none. */
export function restateProgram(): string | undefined {
  const named = process.env["RESTATE_SERVER"];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  try {
    const require = createRequire(import.meta.url);
    const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
    const program = join(dirname(require.resolve(`${name}/package.json`)), "bin", "restate-server");
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

export interface RestateServer {
  readonly ingress: string;
  readonly admin: string;
  /** As by `kill -9`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** A server on loopback, on free ports, that keeps its data over `kill` and `start`. */
export async function startRestate(program: string): Promise<RestateServer> {
  const folder = await mkdtemp(join(tmpdir(), "twelvefold-restate-"));
  const [ingress = 0, admin = 0, node = 0] = await freePorts(3);
  let child: ChildProcess | undefined;
  const server: RestateServer = {
    ingress: `http://127.0.0.1:${ingress}`,
    admin: `http://127.0.0.1:${admin}`,
    async start() {
      const flags = ["--no-logo", "--base-dir", folder, "--listen-mode", "tcp"];
      const names = ["--node-name", "n1", "--cluster-name", "twelvefold"];
      child = spawn(program, [...flags, ...names], {
        stdio: "ignore",
        env: {
          PATH: process.env["PATH"] ?? "",
          RESTATE_DISABLE_TELEMETRY: "true",
          DO_NOT_TRACK: "1",
          RUST_LOG: "off",
          RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
          RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
          RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
          RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
        },
      });
      await untilHealthy(`http://127.0.0.1:${admin}/health`, child);
      await untilHealthy(`http://127.0.0.1:${ingress}/restate/health`, child);
    },
    async kill() {
      const running = child;
      child = undefined;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, "exit");
      running.kill("SIGKILL");
      await ended;
    },
    async remove() {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    if (child.exitCode !== null || tries === 600) throw new Error(`Restate did not start: ${url}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server, "listening");
      const place = server.address();
      return typeof place === "object" && place !== null ? place.port : 0;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
