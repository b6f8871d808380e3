/** Whether a text is a URL with one of these protocols, such as `postgres:`. */
export const isUrlOf = (text: string, protocols: readonly string[]): boolean =>
  protocols.includes(URL.parse(text)?.protocol ?? '');

/** Why a server cannot be used, in one line without a full stop. It never repeats the URL, which may have a password. */
export function reasonOf(error: unknown): string {
  // Node tries every address of a host name and collects what each one answered.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return reasonOf(error.errors[0]);
  const { message, code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'nothing listens at its address' : message.replace(/\.$/, '');
}
