/** Spells out that a promise's failure changes nothing, and says why. The reason and the error go to `report`. */
export function ignoreError(promise: Promise<unknown>, reason: string, report: (reason: string, error: unknown) => void): void {
  promise.catch((error: unknown) => report(reason, error));
}
