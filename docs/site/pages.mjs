/** Every page, in the order of the side bar: sections of titles with their files under `docs/`. */
export const pages = [
  [
    "Begin",
    [
      ["Find your page", "index"],
      ["Start", "start"],
      ["Moving here", "moving"],
    ],
  ],
  [
    "Factors",
    [
      ["1 · Tool calls", "factors/01-natural-language-to-tool-calls"],
      ["2 · Prompts", "factors/02-own-your-prompts"],
      ["3 · Context window", "factors/03-own-your-context-window"],
      ["4 · Structured outputs", "factors/04-tools-are-structured-outputs"],
      ["5 · One state", "factors/05-unify-execution-and-business-state"],
      ["6 · Launch, pause, resume", "factors/06-launch-pause-resume"],
      ["7 · Humans", "factors/07-contact-humans"],
      ["8 · Control flow", "factors/08-own-your-control-flow"],
      ["9 · Errors", "factors/09-compact-errors"],
      ["10 · Small agents", "factors/10-small-focused-agents"],
      ["11 · Triggers", "factors/11-trigger-from-anywhere"],
      ["12 · Reducer", "factors/12-stateless-reducer"],
      ["13 · Fetch ahead", "factors/13-prefetch"],
    ],
  ],
  [
    "Build",
    [
      ["Prompt functions", "prompts"],
      ["The generated client", "generated-client"],
      ["Agents: every option", "agents"],
      ["Steps: every option", "steps"],
      ["What tools may do", "tools"],
      ["The context window", "context"],
      ["Delegation", "delegation"],
      ["Recipes", "recipes"],
    ],
  ],
  [
    "People and programs",
    [
      ["The inbox", "inbox"],
      ["Channels", "channels"],
      ["Server", "server"],
      ["Sign-in", "sign-in"],
      ["Chat pages", "chat-pages"],
      ["MCP", "mcp"],
      ["A2H", "a2h"],
    ],
  ],
  [
    "Test",
    [
      ["Testing an agent", "testing"],
      ["Evals", "evals"],
      ["Workbench", "workbench"],
      ["Messy completions", "messy-completions"],
    ],
  ],
  [
    "Run",
    [
      ["The runtime", "runtime"],
      ["Deploying", "deploy"],
      ["Operations", "operations"],
      ["Scale", "scale"],
      ["Storage", "storage"],
      ["Telemetry", "telemetry"],
      ["Speed", "speed"],
      ["Errors", "errors"],
      ["Upgrading", "upgrading"],
    ],
  ],
  [
    "Understand",
    [
      ["Architecture", "architecture"],
      ["Capabilities", "capabilities"],
      ["Deploybot", "deploybot"],
      ["Support", "support"],
    ],
  ],
];
