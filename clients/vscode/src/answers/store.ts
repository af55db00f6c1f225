/**
 * The conversations of this window, and which job belongs to which.
 *
 * Messages of a job can come before the answer to the command that started it, so a job that is not known yet gets a
 * conversation of its own, and its title and question when they are known.
 */

import { type Answer, isFinal } from "../protocol";
import { Conversation } from "./conversation";
import { titled } from "./title";

/** What is known about a job when its command has been answered. */
export interface Job {
  readonly id: string;
  /** What the menu called it, or the question that was typed. */
  readonly title: string;
  readonly question: string;
  /** The document it is about; "" for none. */
  readonly uri: string;
}

/** What a message means for whoever shows it. */
export interface Taken {
  readonly conversation: Conversation;
  /** Now there is something to show for the first time: the answer goes into a chat, not into the code. */
  readonly appeared: boolean;
}

export class Store {
  private readonly conversations = new Map<string, Conversation>();
  private readonly byJob = new Map<string, Conversation>();
  private readonly running = new Map<string, string>();

  /** `session` tells this window's conversations from those that VS Code has kept views of. */
  constructor(
    private readonly untitled: string,
    private readonly session: string,
  ) {}

  get(id: string): Conversation | undefined {
    return this.conversations.get(id);
  }

  ofJob(job: string): Conversation | undefined {
    return this.byJob.get(job);
  }

  /** A command has started a job; `conversation` is the one that it goes on with. */
  started(job: Job, conversation?: Conversation): Conversation {
    const known = this.byJob.get(job.id);
    if (known !== undefined && conversation !== undefined && known !== conversation) {
      conversation.goOn(known, job.question);
      this.conversations.delete(known.id);
      this.byJob.set(job.id, conversation);
      return conversation;
    }
    if (known !== undefined) {
      known.title = job.title || known.title;
      const turn = known.turns.findLast((each) => each.job === job.id);
      if (turn !== undefined) {
        turn.question = job.question || turn.question;
      }
      if (this.running.has(job.id)) {
        this.running.set(job.id, job.uri);
      }
      return known;
    }
    this.running.set(job.id, job.uri);
    return this.open(job.id, job.title || this.untitled, job.question, conversation);
  }

  /** The question that was typed for a job: it is what the answer is called, if nobody has seen it yet. */
  asked(job: string, question: string): void {
    const conversation = this.byJob.get(job);
    const turn = conversation?.turns.findLast((each) => each.job === job);
    if (conversation !== undefined && turn !== undefined) {
      const named = titled("", question, this.running.get(job) ?? "");
      conversation.title = conversation.chat === undefined ? named.title : conversation.title;
      turn.question = named.question;
    }
  }

  /** A conversation of an earlier session, out of its chat file. */
  restore(id: string, chat: string, text: string): Conversation {
    const conversation = new Conversation(id, this.untitled, text);
    conversation.chat = chat;
    this.conversations.set(id, conversation);
    return conversation;
  }

  take(answer: Answer): Taken {
    let conversation = this.byJob.get(answer.job);
    if (conversation === undefined) {
      this.running.set(answer.job, "");
      conversation = this.open(answer.job, this.untitled, "");
    }
    const appeared = conversation.chat === undefined && answer.state === "streaming" && answer.chat !== undefined;
    conversation.take(answer);
    if (isFinal(answer.state)) {
      this.running.delete(answer.job);
    }
    return { conversation, appeared };
  }

  /** Whether a job is under way that may be about this document. */
  isWorkingOn(uri: string): boolean {
    return [...this.running.values()].some((about) => about === "" || about === uri);
  }

  /** The server has ended; returns the conversations that were cut off. */
  lose(sentence: string): Conversation[] {
    this.running.clear();
    this.byJob.clear(); // the next server counts its jobs from one again
    return [...this.conversations.values()].filter((conversation) => conversation.lose(sentence));
  }

  private open(job: string, title: string, question: string, into?: Conversation): Conversation {
    const conversation = into ?? new Conversation(`${this.session}-${this.conversations.size + 1}`, title);
    conversation.begin(job, question);
    this.conversations.set(conversation.id, conversation);
    this.byJob.set(job, conversation);
    return conversation;
  }
}
