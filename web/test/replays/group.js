import { B, Scalar } from '../../protocol/primitives/group.js';
import { call, key } from './call.js';
import { a } from './keys.js';
import { hex, point, scalar } from './values.js';

export default {
  scalars: {
    check: call([key('encoding', scalar)], (encoding) => ({ encoding })),
  },
  'scalar-arithmetic': {
    check: call([a, key('b', scalar), key('wide', hex)], (a, b, wide) => ({
      sum: a.plus(b),
      product: a.times(b),
      reduced: Scalar.reduce(wide),
    })),
  },
  points: {
    check: call([key('encoding', point)], (encoding) => ({ encoding })),
  },
  'point-arithmetic': {
    check: call([a, key('P', point), key('Q', point)], (a, P, Q) => ({
      sum: P.plus(Q),
      difference: P.minus(Q),
      multiple: a.times(P),
      base_multiple: a.times(B),
    })),
  },
};
