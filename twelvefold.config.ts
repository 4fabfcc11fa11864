import { calculator } from "./src/agents/calculator/agent.ts";
import { defineConfig } from "./src/config.ts";

export default defineConfig({ agents: [calculator] });
