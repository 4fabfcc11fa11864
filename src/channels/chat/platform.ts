/** A conversation on a platform: a channel or a direct message, and the thread of replies in it. */
export interface Place {
  /** The workspace, tenant or guild, by the platform's id; empty on a platform that has none. */
  readonly team: string;
  readonly channel: string;
  /** Absent: a message of its own. */
  readonly thread?: string | undefined;
}

/** A place with its thread of replies: a conversation. */
export interface Conversation extends Place {
  /** What tells conversations in the channel apart; empty where there is only one. */
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
  /** Empty on a platform whose ids of people belong to no workspace. */
  readonly team: string;
  readonly user: string;
}

/** Somebody has written. */
export interface ChatText {
  readonly kind: "message";
  /** The message's id in its team: the same if it comes again, in whatever event. */
  readonly id: string;
  readonly from: ChatPerson;
  readonly place: Conversation;
  readonly text: string;
  /** Whether it is for the bot: a mention, a direct message, a command. If not, it counts only in a conversation that there is. */
  readonly isAddressed: boolean;
  /**
   * What is written in this place belongs to one conversation for some hours, because there are no threads of replies. `new`: it
   * asks for the next one.
   */
  readonly lasting?: "same" | "new" | undefined;
  /** The message of the same place that it replies to, by its id. */
  readonly repliesTo?: string | undefined;
}

/** A button of a message. */
export interface ChatClick {
  readonly kind: "click";
  readonly from: ChatPerson;
  readonly message: PostedMessage;
  readonly action: string;
  readonly value: string;
  /** Lets a form be opened, or the click be answered, for a few seconds. */
  readonly trigger: string;
}

/** A form that was sent. */
export interface ChatAnswer {
  readonly kind: "form";
  readonly from: ChatPerson;
  /** The button that the form was opened with. */
  readonly button: FormButton;
  readonly fields: Readonly<Record<string, string>>;
}

/** The button that has opened a form. */
export interface FormButton {
  readonly message: PostedMessage;
  readonly action: string;
  readonly value: string;
}

/** What comes from a platform, once its signature is checked. */
export type Incoming =
  | ChatText
  | ChatClick
  | ChatAnswer
  /** The platform's own question whether somebody is here. */
  | { readonly kind: "answer"; readonly response: Response }
  | { readonly kind: "ignored"; readonly why: string };

/** A button under a message. */
export interface ButtonOf {
  readonly action: string;
  readonly label: string;
  readonly value: string;
  readonly style?: "primary" | "danger" | undefined;
  /** What it asks before it does anything. */
  readonly form?: ChatForm | undefined;
}

/** A message as a platform shows it; no text in it is markup. */
export interface ChatMessage {
  readonly title: string;
  readonly parts: readonly { readonly label?: string | undefined; readonly text: string }[];
  readonly buttons: readonly ButtonOf[];
  /** A page on the web about it. */
  readonly link?: string | undefined;
}

/** How a message is posted. */
export interface Posting {
  /** The same whenever this message is posted again: a platform that can tell posts it once. Default: none. */
  readonly key?: string | undefined;
  /**
   * It may have been posted before, no earlier than this (ms since the epoch): a platform that can looks for it, and brings it up
   * to date. Default: it is new.
   */
  readonly since?: number | undefined;
  readonly signal?: AbortSignal | undefined;
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
  readonly fields: readonly FormField[];
}

/** What a platform can hold. */
export interface ChatLimits {
  /** Buttons of a message. */
  readonly buttons: number;
  /** Fields of a form with which arguments are changed; 0: nothing can be changed there. */
  readonly fields: number;
  /** Characters that a field of a form can begin with. */
  readonly fieldText: number;
  /** Whether a button holds 300 characters. If not, its value has at most 40. */
  readonly longValues: boolean;
}

/**
 * A chat platform: everything that only it knows. What is shown, who may do what, and that nothing is lost or done twice, is
 * the channel's.
 */
export interface ChatPlatform {
  /** How its people are known to policies: `slack:<team>:<user>`. */
  readonly name: string;
  readonly limits: ChatLimits;
  /** Whether it serves this workspace, tenant or guild; the empty one on a platform that has none. */
  serves(team: string): boolean;
  /** Checks who has sent the request, and reads it. Throws `NotFromPlatform` for anything that the platform has not signed. */
  read(request: Request, now: number): Promise<Incoming>;
  /** Whether all of the message can be shown. */
  fits(message: ChatMessage): boolean;
  post(place: Place, message: ChatMessage, how?: Posting): Promise<PostedMessage>;
  update(posted: PostedMessage, message: ChatMessage): Promise<void>;
  /**
   * The answer to what has come: with words, to whoever has sent it, and to nobody else where the platform can; without, that it is
   * done. It must not wait for the platform: `later` takes what goes on.
   */
  answer(to: ChatText | ChatClick | ChatAnswer, words: string | undefined, later: Later): Response;
  /**
   * Opens a form after a click: the response that does, or the message that asks for the form's only field, whose reply is the
   * form. Not called for a platform that shows the forms of its buttons itself.
   */
  openForm(click: ChatClick, form: ChatForm): Promise<Response | PostedMessage>;
}

/** Takes work that nobody waits for; a failure of it is reported. */
export type Later = (work: Promise<unknown>) => void;

/** The platform has not signed this: whoever sent it is refused. */
export class NotFromPlatform extends Error {}
