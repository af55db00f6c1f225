/**
 * The connection to the server, as the rest of the extension sees it: it stays the same over restarts.
 *
 * Commands go out through `run`, whoever starts them - our own code, or an entry of the lightbulb menu, which VS Code
 * runs under the server's own command ids - so that every job is known with what it is about.
 */

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  type InitializeResult,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
} from "vscode-languageclient/node";
import { type Answer, type InputParams, PROTOCOL, type Proposal, type RunArguments, type Status } from "../protocol";
import { SECTION, sentSettings } from "../settings";
import type { Found } from "./find";
import type { Running } from "./supervisor";

/** Code and text wherever VS Code keeps it in a real file, a new buffer or the cell of a notebook. */
export const DOCUMENTS = [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }];

export interface Started {
  readonly job: string;
  readonly command: string;
  readonly argument: RunArguments;
  /** What the menu called it. */
  readonly title: string;
}

/** A code action's command carries its title along, under this name; the server never sees it. */
const TITLE = "askLspTitle";

export class Connection implements vscode.Disposable {
  private readonly answers = new vscode.EventEmitter<Answer>();
  private readonly statuses = new vscode.EventEmitter<Status>();
  private readonly proposals = new vscode.EventEmitter<Proposal>();
  private readonly starts = new vscode.EventEmitter<Started>();
  readonly onAnswer = this.answers.event;
  readonly onStatus = this.statuses.event;
  readonly onProposal = this.proposals.event;
  readonly onStarted = this.starts.event;

  private client: LanguageClient | undefined;
  private commands = new Set<string>();

  /** Has somebody type the question that a job waits for; undefined for none. */
  typed: (params: InputParams) => Promise<string | undefined> = async () => undefined;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** Starts a server; resolves with what it said of itself. `ended` is called if it ends later on, unasked. */
  async launch(
    found: Found,
    environment: Record<string, string | undefined>,
    folder: string,
    ended: () => void,
  ): Promise<Running & { readonly introduction: InitializeResult | undefined }> {
    const options = { env: environment as NodeJS.ProcessEnv, cwd: folder };
    const client = new LanguageClient(
      "ask-lsp",
      "ask-lsp",
      { command: found.command, args: [...found.args], options },
      this.options(ended),
    );
    client.registerFeature(announcement);
    client.onNotification("ask/answer", (answer: Answer) => this.answers.fire(answer));
    client.onNotification("ask/status", (status: Status) => this.statuses.fire(status));
    client.onNotification("ask/proposal", (proposal: Proposal) => this.proposals.fire(proposal));
    client.onRequest("ask/input", async (params: InputParams) => ({ value: (await this.typed(params)) ?? null }));
    try {
      await client.start();
    } catch (error) {
      await client.dispose(1000).catch(() => undefined);
      throw error;
    }
    this.client = client;
    this.commands = new Set(client.initializeResult?.capabilities.executeCommandProvider?.commands);
    return {
      introduction: client.initializeResult,
      stop: async () => {
        if (this.client === client) {
          this.client = undefined;
        }
        await client.dispose(3000);
      },
    };
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** Whether the server that is running has a command; newer ones have more. */
  has(command: string): boolean {
    return this.commands.has(command);
  }

  /** Runs one of the server's commands; what it refuses is shown, as the sentence that it says. */
  async run(command: string, argument?: RunArguments | Record<string, unknown>): Promise<{ job?: string } | undefined> {
    const { [TITLE]: title = "", ...rest } = (argument ?? {}) as Record<string, unknown>;
    const client = this.client;
    if (client === undefined) {
      void vscode.commands.executeCommand("askLsp.notRunning");
      return undefined;
    }
    const given = argument === undefined ? [] : [rest];
    try {
      const result = await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: given });
      if (typeof result?.job === "string") {
        this.starts.fire({ job: result.job, command, argument: rest as RunArguments, title: String(title) });
      }
      return result ?? undefined;
    } catch (error) {
      if (client === this.client && client.isRunning()) {
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      }
      return undefined; // when the server has ended, that is told by whoever restarts it
    }
  }

  /** The URI of a document as the server knows it. */
  serverUri(uri: vscode.Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  dispose(): void {
    for (const emitter of [this.answers, this.statuses, this.proposals, this.starts]) {
      emitter.dispose();
    }
  }

  private options(ended: () => void): LanguageClientOptions {
    return {
      documentSelector: DOCUMENTS,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // The one setting that is needed before the server can ask for them.
      initializationOptions: pick(sentSettings(), "position_encoding"),
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.client = undefined;
          ended();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        workspace: {
          configuration: (params) => params.items.map((item) => (item.section === SECTION ? sentSettings() : null)),
        },
        executeCommand: (command, args: unknown[]) => this.run(command, args[0] as Record<string, unknown> | undefined),
        provideCodeActions: async (document, range, context, token, next) => {
          const actions = await next(document, range, context, token);
          return actions?.map(withTitle);
        },
      },
    };
  }
}

/** The server's own log is a file; what its process says besides is for us to keep. */
const announcement: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...(capabilities.experimental as object), askLsp: { protocol: PROTOCOL } };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

function withTitle<Action extends vscode.CodeAction | vscode.Command>(action: Action): Action {
  const command = typeof action.command === "object" ? action.command : undefined;
  const argument: unknown = command?.arguments?.[0];
  if (command !== undefined && typeof argument === "object" && argument !== null) {
    command.arguments = [{ ...argument, [TITLE]: action.title }];
  }
  return action;
}

function pick(values: Record<string, unknown>, name: string): Record<string, unknown> {
  return name in values ? { [name]: values[name] } : {};
}
