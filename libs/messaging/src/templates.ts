import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { notifyingKinds, type NotificationKind } from '@orderly/contracts';
import { AppError, PermanentError } from '@orderly/errors';
import { moneyIn, toMessageView, type MessageInput, type MessageView } from './message-view';
import { sampleInputs } from './sample-inputs';
import { singleLine } from './single-line';

export type RenderedMessage = {
  /** One line, never empty. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

export type Templates = {
  /** @throws PermanentError `template-invalid` if a template fails for this order. */
  readonly render: (kind: NotificationKind, input: MessageInput) => RenderedMessage;
};

/**
 * Reads and compiles all templates once, and renders each with a complete and a minimal order. A missing file, a syntax error or
 * an unknown name therefore stops the process at start-up, and does not fail a customer's message later.
 *
 * The folder contains `<kind>/{subject.txt,body.txt,body.html}.hbs`, and the partials `layout.html.hbs`, `order-summary.html.hbs`
 * and `order-summary.txt.hbs`.
 *
 * @throws PermanentError `configuration-invalid`; the message names the file
 */
export function loadTemplates(folder: string): Templates {
  const html = Handlebars.create();
  const text = Handlebars.create();
  for (const engine of [html, text]) {
    engine.registerHelper('money', (amountMinor: number, { data }: Handlebars.HelperOptions) =>
      moneyIn((data as { root: MessageView }).root, amountMinor),
    );
  }
  html.registerPartial('layout', compile(html, folder, 'layout.html.hbs'));
  html.registerPartial('order-summary', compile(html, folder, 'order-summary.html.hbs'));
  text.registerPartial('order-summary', compile(text, folder, 'order-summary.txt.hbs', plainText));

  const renderers = Object.fromEntries(notifyingKinds.map((kind) => [kind, loadKind(kind, { folder, html, text })])) as Record<
    NotificationKind,
    Renderer
  >;
  const render = (kind: NotificationKind, input: MessageInput): RenderedMessage => renderers[kind](toMessageView(input));

  for (const kind of notifyingKinds) for (const input of sampleInputs) tryAtStart(() => render(kind, input));
  return { render };
}

type Engine = typeof Handlebars;
type Renderer = (view: MessageView) => RenderedMessage;

/** Texts and subjects are not HTML, so they must not be escaped. */
const plainText: CompileOptions = { noEscape: true };

function loadKind(kind: NotificationKind, { folder, html, text }: { folder: string; html: Engine; text: Engine }): Renderer {
  const subject = compile(text, folder, `${kind}/subject.txt.hbs`, plainText);
  const textBody = compile(text, folder, `${kind}/body.txt.hbs`, plainText);
  const htmlBody = compile(html, folder, `${kind}/body.html.hbs`);
  return (view) => ({
    subject: singleLine(subject(view)),
    text: `${textBody(view)
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim()}\n`,
    html: htmlBody(view),
  });
}

function compile(
  engine: Engine,
  folder: string,
  file: string,
  options: CompileOptions = {},
): Handlebars.TemplateDelegate<MessageView> {
  let template: Handlebars.TemplateDelegate<MessageView>;
  try {
    const source = readFileSync(join(folder, file), 'utf8');
    // Compilation is lazy; parsing finds syntax errors now.
    engine.parse(source);
    template = engine.compile<MessageView>(source, {
      ...options,
      strict: true,
      knownHelpersOnly: true,
      knownHelpers: { money: true },
    });
  } catch (cause) {
    throw invalid(file, cause, 'configuration-invalid');
  }
  return (view, runtime) => {
    try {
      return template(view, runtime);
    } catch (cause) {
      throw cause instanceof AppError ? cause : invalid(file, cause, 'template-invalid');
    }
  };
}

function tryAtStart(render: () => unknown): void {
  try {
    render();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new PermanentError('configuration-invalid', error.message, { cause: error, details: error.details });
  }
}

function invalid(file: string, cause: unknown, code: 'configuration-invalid' | 'template-invalid'): PermanentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PermanentError(code, `The message template ${file} is invalid: ${why}`, { details: { file } });
}
