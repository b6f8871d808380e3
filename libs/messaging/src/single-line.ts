/**
 * Makes one line of a text. Line breaks could add headers to a subject or fake lines to a text part, and control characters
 * and marks of writing direction could make either read as something else.
 */
export const singleLine = (text: string): string => text.replace(breaksAndControls, ' ').replace(/ {2,}/g, ' ').trim();

const breaksAndControls = /[\s\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
