/** The proposals that the server has told of, kept in step with their documents. */

import type { Proposal } from "../protocol";
import { type Change, moved } from "./hunks";

/** A proposal; `stale` while its place was edited and the server has not said yet what that means. */
export interface Kept extends Proposal {
  readonly stale: boolean;
}

interface Step {
  readonly version: number;
  readonly changes: readonly Change[];
}

/** Changes of a document that are remembered for messages that the server sent before it had them. */
const REMEMBERED = 200;

export class Shelf {
  private readonly kept = new Map<string, Kept>();
  private readonly steps = new Map<string, Step[]>();

  /** Takes a message in; says whether the proposal is one that was not there before. */
  take(proposal: Proposal): boolean {
    const known = this.kept.has(proposal.id);
    if (proposal.state === "gone") {
      this.kept.delete(proposal.id);
      return false;
    }
    const since = (this.steps.get(proposal.uri) ?? []).filter((step) => step.version > (proposal.version ?? Infinity));
    this.kept.set(
      proposal.id,
      since.reduce<Kept>((now, step) => behind(now, step), { ...proposal, stale: false }),
    );
    return !known;
  }

  get(id: string): Kept | undefined {
    return this.kept.get(id);
  }

  all(): Kept[] {
    return [...this.kept.values()];
  }

  /** Those of a document, by its URI as the server writes it. */
  of(uri: string): Kept[] {
    return this.all().filter((proposal) => proposal.uri === uri);
  }

  /** Moves the hunks of a document through its changes; returns the proposals that differ now. */
  changed(uri: string, version: number, changes: readonly Change[]): string[] {
    const step = { version, changes };
    this.steps.set(uri, [...(this.steps.get(uri) ?? []), step].slice(-REMEMBERED));
    const behindIt = this.of(uri).filter((proposal) => proposal.version !== null && proposal.version < version);
    for (const proposal of behindIt) {
      this.kept.set(proposal.id, behind(proposal, step));
    }
    return behindIt.map((proposal) => proposal.id);
  }

  /** A closed document begins anew with its versions. */
  closed(uri: string): void {
    this.steps.delete(uri);
  }

  /** Forgets all: they belong to a server that has ended, and its successor tells them anew. */
  clear(): string[] {
    const ids = [...this.kept.keys()];
    this.kept.clear();
    return ids;
  }
}

function behind(proposal: Kept, { version, changes }: Step): Kept {
  let hunks: Kept["hunks"] | undefined = proposal.hunks;
  for (const change of changes) {
    hunks = hunks && moved(hunks, change);
  }
  return hunks === undefined ? { ...proposal, version, stale: true } : { ...proposal, version, hunks };
}
