/** Code lenses in the source, at the place of each proposal. */

import * as vscode from "vscode";
import type { Connection } from "../server/connection";
import { DOCUMENTS } from "../server/connection";
import type { Review } from "./review";

export class ProposalLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly onDidChangeCodeLenses: vscode.Event<void>;
  private readonly registration: vscode.Disposable;

  constructor(
    private readonly review: Review,
    private readonly connection: Connection,
  ) {
    this.onDidChangeCodeLenses = review.onDidChangeProposals;
    this.registration = vscode.languages.registerCodeLensProvider(DOCUMENTS, this);
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return this.review.shelf.of(this.connection.serverUri(document.uri)).flatMap(({ id, title, hunks, stale }) => {
      const line = Math.min(hunks[0]?.range.start.line ?? 0, document.lineCount - 1);
      const lens = (text: string, command: string) =>
        new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title: text, command, arguments: [id] });
      const applies = hunks.length > 0 && !stale;
      return [
        lens(`$(sparkle) ${title}`, "askLsp.showChanges"),
        ...(applies ? [lens(vscode.l10n.t("Accept"), "askLsp.accept")] : []),
        lens(vscode.l10n.t("Reject"), "askLsp.reject"),
        lens(vscode.l10n.t("Try again"), "askLsp.tryAgain"),
      ];
    });
  }

  dispose(): void {
    this.registration.dispose();
  }
}
