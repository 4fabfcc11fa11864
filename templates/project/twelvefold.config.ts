import { defineConfig } from "twelvefold";
import { agent } from "./src/agent.ts";

export default defineConfig({ agents: [agent] });
