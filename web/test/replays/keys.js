/**
 * The keys of vectors that more than one call takes, or that hold ids: what each is called in the files, and its type.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 */

import { Direction } from '../../protocol/checkIns.js';
import { Domain, Role } from '../../protocol/epochs.js';
import { enumeration } from '../../protocol/primitives/encoding.js';
import { JointStatement } from '../../protocol/primitives/statements.js';
import { Venue, Warrant } from '../../protocol/warrants.js';
import { passParts } from '../parties/paperPasses.js';
import { key } from './call.js';
import { draws, encoded, hex, list, nullable, number, numbered, point, scalar, string } from './values.js';

// Ids, and the records that have them.
export const accountId = key('account', hex);
export const venueId = key('venue', hex);
export const venueIdOrNull = key('venue', nullable(hex));
export const venue = key('venue', encoded(Venue));
export const jointVenue = key('venue', encoded(JointStatement));
export const warrant = key('warrant', encoded(Warrant));
export const jointWarrant = key('warrant', encoded(JointStatement));

// Numbers and points, lists of them, and recorded randomness.
export const D = key('D', list(point));
export const U = key('U', point);
export const X = key('X', point);
export const a = key('a', scalar);
export const encoding = key('encoding', hex);
export const h = key('h', scalar);
export const handle = key('handle', point);
export const r = key('r', scalar);
export const r0 = key('r0', scalar);
export const random = key('random', draws);
export const u = key('u', list(point));
export const u0 = key('u0', point);
export const u0List = key('u0', list(point));
export const v0 = key('v0', point);
export const v0List = key('v0', list(point));
export const x = key('x', scalar);

// Epochs: `setting` is the epoch of all vectors of a file, verified once.
export const domain = key('domain', encoded(Domain));
export const epoch = key('epoch', number);
export const epochKey = key('setting', (value) => /** @type {EpochKey} */ (value));
export const role = key('role', enumeration(Role).decode);

// Statements and what is said in them.
export const authorityStatement = key('authority_statement', hex);
export const commitments = key('commitments', numbered(hex));
export const context = key('context', hex);
export const direction = key('direction', enumeration(Direction).decode);
export const joint = key('joint', encoded(JointStatement));
export const name = key('name', string);
export const now = key('now', number);
export const operatorStatement = key('operator_statement', hex);
export const passSeed = key('pass_seed', hex);
export const passes = key('passes', list(hex));
export const publicKey = key('public', hex);
export const publicPass = key('public_pass', (value) => passParts(hex(value)));
export const release = key('release', hex);
export const seed = key('seed', hex);
export const statement = key('statement', hex);
export const text = key('text', string);
export const time = key('time', number);
