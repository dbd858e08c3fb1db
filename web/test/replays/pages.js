import { PageRecord, describeFile, pageDigest } from '../parties/pages.js';
import { call, key } from './call.js';
import { hex, list, number, string } from './values.js';

const names = key('names', list(string));
const contents = key('contents', list(hex));
const headers = key('headers', list(list(list(string))));

export default {
  'page-record': {
    check: call([key('number', number), names, contents, headers], (number, names, contents, headers) => {
      const files = names.map((name, i) => describeFile(name, contents[i], headers[i]));
      const record = PageRecord.toBytes({ number, files });
      return { record, digest: pageDigest(record) };
    }),
  },
};
