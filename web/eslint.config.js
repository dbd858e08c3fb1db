/** What every file is checked for, and which files may import which. */

import eslint from '@eslint/js';

const PACKAGES = ['@noble/(ciphers|curves|hashes)/'];
const PAGES = ['visitor', 'door', 'desk'];
const PARTS = [...PAGES, 'ui'];

/** What the protocol uses of its surroundings: browsers and Node.js have it. */
const everywhere = { TextDecoder: 'readonly', TextEncoder: 'readonly', atob: 'readonly', btoa: 'readonly' };

/** What pages use of a browser besides. */
const browser = Object.fromEntries(
  [
    ...['AbortController', 'AbortSignal', 'AudioContext', 'Blob', 'BroadcastChannel', 'CryptoKey', 'DOMException', 'HTMLElement', 'IDBKeyRange'],
    ...[
      'MessageChannel',
      'URL',
      'Worker',
      'addEventListener',
      'caches',
      'clearTimeout',
      'crypto',
      'customElements',
      'document',
    ],
    ...['fetch', 'history', 'indexedDB', 'localStorage', 'location', 'matchMedia', 'navigator', 'parent', 'performance', 'print', 'queueMicrotask'],
    ...['removeEventListener', 'scrollTo', 'self', 'sessionStorage', 'setInterval', 'setTimeout', 'window', 'BUILT_FILES'],
  ].map((name) => [name, 'readonly']),
);

/** Where a text would become HTML: pages make elements by calls. */
const SINKS = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc', 'setHTMLUnsafe', 'write', 'writeln'];

/**
 * Files of the protocol import nothing but packages, files of their own folder, and what else is listed.
 * @param {string[]} files @param {...string} others beginnings of what an import may name, as regular expressions
 */
const imports = (files, ...others) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(?!${[...PACKAGES, '\\./[A-Za-z0-9]+\\.js$', ...others].join('|')})`,
            message: 'The protocol imports the packages it lists, and of itself what is below.',
          },
        ],
      },
    ],
    'no-restricted-syntax': ['error', { selector: 'ImportExpression', message: 'The rule above does not see it.' }],
  },
});

/**
 * A page imports nothing of another page or of the tests.
 * @param {string} page
 */
const standsAlone = (page) => ({
  files: [`${page}/**`],
  languageOptions: { globals: browser },
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^\\.\\.?/(.*/)?(${[...PAGES, 'test'].filter((other) => other !== page).join('|')})/`,
            message: 'Pages import the protocol and what they share, never each other.',
          },
        ],
      },
    ],
    'no-restricted-properties': [
      'error',
      ...SINKS.map((property) => ({ property, message: 'Make elements by calls.' })),
    ],
  },
});

export default [
  eslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { globals: everywhere },
    rules: {
      'array-callback-return': 'error',
      camelcase: ['error', { properties: 'never' }],
      'consistent-return': 'error',
      eqeqeq: 'error',
      'no-alert': 'error',
      'no-console': 'error',
      'no-constructor-return': 'error',
      'no-else-return': 'error',
      'no-eval': 'error',
      'no-extend-native': 'error',
      'no-implicit-coercion': 'error',
      'no-implied-eval': 'error',
      'no-labels': 'error',
      'no-lonely-if': 'error',
      'no-loop-func': 'error',
      'no-multi-assign': 'error',
      'no-new-func': 'error',
      'no-new-wrappers': 'error',
      'no-param-reassign': 'error',
      'no-promise-executor-return': 'error',
      'no-return-assign': 'error',
      'no-script-url': 'error',
      'no-self-compare': 'error',
      'no-sequences': 'error',
      'no-template-curly-in-string': 'error',
      'no-throw-literal': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unneeded-ternary': 'error',
      'no-unreachable-loop': 'error',
      'no-unused-expressions': 'error',
      'no-useless-concat': 'error',
      'no-useless-constructor': 'error',
      'no-useless-rename': 'error',
      'no-useless-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-arrow-callback': 'error',
      'prefer-const': 'error',
      'prefer-object-spread': 'error',
      'prefer-promise-reject-errors': 'error',
      'prefer-rest-params': 'error',
      'prefer-spread': 'error',
      'prefer-template': 'error',
      'require-unicode-regexp': 'error',
      'symbol-description': 'error',
    },
  },
  { files: ['build.mjs'], languageOptions: { globals: { Buffer: 'readonly', process: 'readonly' } } },
  { files: ['test/**'], languageOptions: { globals: { DOMException: 'readonly', URL: 'readonly', performance: 'readonly', process: 'readonly' } } },
  imports(['protocol/**']),
  imports(['protocol/*.js'], '\\./(primitives|transparency)/[A-Za-z0-9]+\\.js$'),
  imports(['protocol/transparency/*.js'], '\\.\\./primitives/[A-Za-z0-9]+\\.js$'),
  imports(['protocol/transparency/log{s,Entries}.js'], '\\.\\./primitives/[A-Za-z0-9]+\\.js$', '\\.\\./epochs\\.js$'),
  ...PARTS.map(standsAlone),
];
