/** A program that another one drives: one JSON object per line in, one out. */

import { createInterface } from 'node:readline';

/**
 * Answer each line of the standard input.
 * @param {(request: Record<string, any>) => unknown | Promise<unknown>} answer
 */
export async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}
