/**
 * Converts a text to one line. Line breaks could inject headers into a subject, or lines into a text part. Control characters and
 * marks of writing direction could change how the text reads.
 */
export const singleLine = (text: string): string => text.replace(breaksAndControls, ' ').replace(/ {2,}/g, ' ').trim();

const breaksAndControls = /[\s\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
