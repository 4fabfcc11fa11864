import { calculator } from "./src/agents/calculator/agent.ts";
import { defineConfig } from "./src/cli/config.ts";

export default defineConfig({ agents: [calculator] });
