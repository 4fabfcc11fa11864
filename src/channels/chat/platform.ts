/** A conversation on a platform: a channel or a direct message, and the thread of replies in it. */
export interface Place {
  /** The workspace, by the platform's id. */
  readonly team: string;
  readonly channel: string;
  /** Absent: a message of its own. */
  readonly thread?: string | undefined;
}

/** A place with its thread of replies: a conversation. */
export interface Conversation extends Place {
  readonly thread: string;
}

/** A message that was posted. */
export interface PostedMessage {
  readonly team: string;
  readonly channel: string;
  readonly id: string;
}

/** Somebody on a platform, by ids that the platform has vouched for. */
export interface ChatPerson {
  readonly team: string;
  readonly user: string;
}

/** What comes from a platform, once its signature is checked. */
export type Incoming =
  /** Somebody has mentioned the bot, or written to it. */
  | {
      readonly kind: "message";
      /** The delivery's id: the same if it comes again. */
      readonly id: string;
      readonly from: ChatPerson;
      readonly place: Conversation;
      readonly text: string;
    }
  /** A button of a message. */
  | {
      readonly kind: "click";
      readonly from: ChatPerson;
      readonly message: PostedMessage;
      readonly action: string;
      readonly value: string;
      /** Lets a form be opened, for a few seconds. */
      readonly trigger: string;
    }
  /** A form that was sent. */
  | {
      readonly kind: "form";
      readonly from: ChatPerson;
      /** What the form was opened with. */
      readonly meta: string;
      readonly fields: Readonly<Record<string, string>>;
    }
  /** The platform's own question whether somebody is here. */
  | { readonly kind: "answer"; readonly response: Response }
  | { readonly kind: "ignored"; readonly why: string };

/** A button under a message. */
export interface ButtonOf {
  readonly action: string;
  readonly label: string;
  readonly value: string;
  readonly style?: "primary" | "danger" | undefined;
}

/** A message as a platform shows it; no text in it is markup. */
export interface ChatMessage {
  readonly title: string;
  readonly parts: readonly { readonly label?: string | undefined; readonly text: string }[];
  readonly buttons: readonly ButtonOf[];
  /** A page on the web about it. */
  readonly link?: string | undefined;
}

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly optional?: boolean | undefined;
}

export interface ChatForm {
  readonly title: string;
  readonly submit: string;
  readonly meta: string;
  readonly fields: readonly FormField[];
}

/**
 * A chat platform: everything that only it knows. What is shown, who may do what, and that nothing is lost or done twice, is
 * the channel's.
 */
export interface ChatPlatform {
  /** How its people are known to policies: `slack:<team>:<user>`. */
  readonly name: string;
  /** Checks who has sent the request, and reads it. Throws `NotFromPlatform` for anything that the platform has not signed. */
  read(request: Request, now: number): Promise<Incoming>;
  /** The same message, if all of it can be shown; `undefined` if it is too long for the platform. */
  fit(message: ChatMessage): ChatMessage | undefined;
  post(place: Place, message: ChatMessage, signal?: AbortSignal): Promise<PostedMessage>;
  update(posted: PostedMessage, message: ChatMessage): Promise<void>;
  /** Tells one person something that nobody else sees. */
  whisper(to: ChatPerson, posted: PostedMessage, text: string): Promise<void>;
  /** Opens a form; `undefined` for a platform that has none. */
  openForm?(trigger: string, team: string, form: ChatForm): Promise<void>;
  /** The answer to a form that could not be taken. */
  formProblem(field: string, problem: string): Response;
}

/** The platform has not signed this: whoever sent it is refused. */
export class NotFromPlatform extends Error {}
