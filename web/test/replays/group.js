import { B, Scalar } from '../../protocol/primitives/group.js';
import { hex, point, scalar } from './values.js';

export default {
  scalars: {
    check: [{ encoding: scalar }, ({ encoding }) => ({ encoding })],
  },
  'scalar-arithmetic': {
    check: [
      { a: scalar, b: scalar, wide: hex },
      ({ a, b, wide }) => ({ sum: a.plus(b), product: a.times(b), reduced: Scalar.reduce(wide) }),
    ],
  },
  points: {
    check: [{ encoding: point }, ({ encoding }) => ({ encoding })],
  },
  'point-arithmetic': {
    check: [
      { a: scalar, P: point, Q: point },
      ({ a, P, Q }) => ({ sum: P.plus(Q), difference: P.minus(Q), multiple: a.times(P), base_multiple: a.times(B) }),
    ],
  },
};
