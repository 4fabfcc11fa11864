import { visible } from "../../present/visible-text.ts";
import { type Frame, Layout } from "../components/layout.tsx";
import { paths } from "../paths.ts";

export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 500 | 503;
  readonly title: string;
  readonly text: string;
  readonly link?: { readonly href: string; readonly label: string };
}

/** Something that did not work: what, and where to go from here. */
export const ProblemPage = ({ frame, problem }: { frame: Frame; problem: Problem }) => (
  <Layout frame={frame} title={problem.title}>
    <article class="problem">
      <p class="problem-code">{problem.status}</p>
      <h1>{problem.title}</h1>
      <p class="words">{visible(problem.text)}</p>
      <p class="buttons">
        {problem.link !== undefined && (
          <a class="button primary" href={problem.link.href}>
            {problem.link.label}
          </a>
        )}
        {frame.reach !== "one_request" && (
          <a class="button" href={paths.inbox}>
            Back to the inbox
          </a>
        )}
      </p>
    </article>
  </Layout>
);
