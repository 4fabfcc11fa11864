/** The name of the agent whose threads are requests of programs elsewhere. */
export const A2H_AGENT = "a2h";
