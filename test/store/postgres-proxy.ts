import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A way to a PostgreSQL server that can lose what comes over it. */
export interface PostgresProxy {
  /** Address of the database through the proxy. */
  readonly address: string;
  /** The server does what it is asked, and its `nth` answer from now on is lost with the connection. */
  loseAnswer(nth: number): void;
  /** From now on everything stands still: nothing is answered, no connection ends. */
  cut(): void;
  /** From now on it answers again, on new connections. */
  mend(): void;
  /** From now on every answer comes so much later, in ms. */
  delay(ms: number): void;
  /** Calls back once, when a client connects again. */
  onNextConnection(listener: () => void): void;
  /** Ends every client's connection. The server goes on with what it was asked. */
  breakConnections(): void;
  close(): Promise<void>;
}

/** `address` is that of a server that listens on a socket in a folder. */
export async function startProxy(address: string): Promise<PostgresProxy> {
  const folder = new URL(address.replace("@/", "@localhost/")).searchParams.get("host") ?? "";
  const open = new Set<Socket>();
  const clients = new Set<Socket>();
  let lose = 0;
  let isCut = false;
  let delayMs = 0;
  const server = createServer((client) => {
    const upstream = connect(`${folder}/.s.PGSQL.5432`);
    clients.add(client);
    let late = 0;
    let passed: Promise<unknown> = Promise.resolve();
    /** In order, each after the time that is set. */
    const pass = (data: Buffer) => {
      late += 1;
      passed = passed.then(async () => {
        await setTimeout(delayMs);
        late -= 1;
        if (client.writable) client.write(data);
      });
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        clients.delete(socket);
        client.destroy();
        upstream.end();
      });
    }
    client.on("data", (data) => {
      if (!isCut) upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (isCut) return;
      lose -= 1;
      if (lose === 0) client.destroy();
      else if (delayMs === 0 && late === 0) client.write(data);
      else pass(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const place = server.address();
  const port = typeof place === "object" && place !== null ? place.port : 0;
  return {
    address: `postgres://postgres@127.0.0.1:${port}/postgres`,
    loseAnswer: (nth) => {
      lose = nth;
    },
    cut: () => {
      isCut = true;
    },
    mend: () => {
      isCut = false;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    onNextConnection: (listener) => {
      server.once("connection", listener);
    },
    breakConnections: () => {
      for (const socket of clients) socket.destroy();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
