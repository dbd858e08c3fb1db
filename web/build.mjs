/**
 * Builds the pages: `node build.mjs OUTPUT [SOURCES]`.
 *
 * Each folder of SOURCES with an `index.html` becomes a folder of OUTPUT. Files are named by their content, so that a
 * browser may keep them for ever; documents, service workers and web app manifests keep their names. `manifest.json`
 * lists them all. The same sources give the same bytes wherever they are.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const PAGES = ['visitor', 'door', 'desk'];
const HERE = import.meta.dirname;
const TARGET = ['es2023', 'chrome111', 'firefox119', 'safari16.4'];
const STABLE = ['.html', '.webmanifest'];
const SERVICE_WORKER = 'serviceWorker.js';

const MEDIA_TYPES = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
  ['.ico', 'image/x-icon'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
  ['.wasm', 'application/wasm'],
  ['.webmanifest', 'application/manifest+json'],
  ['.woff2', 'font/woff2'],
]);

/** Local names in a document's `src` and `href`. */
const REFERENCE = /(?<=\s(?:src|href)=")([^"#:?]+)(?=")/gu;
/** What a document may not have: scripts and styles of its own, handlers, and anything of another server. */
const FORBIDDEN = /<script(?![^>]*\ssrc=)|<style|<base\b|\sstyle=|\son[a-z]+=|\s(?:src|href|action)="[^"#]*:/iu;
/** A file that a script names beside itself, as `new URL('./decoder.js', import.meta.url)`. */
const BESIDE = /new URL\(\s*'([^']+)',\s*import\.meta\.url\s*,?\s*\)/gu;

/** @param {Uint8Array} bytes */
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @param {string} name */
const isScript = (name) => ['.js', '.mjs'].includes(extname(name));

/** One page while it is built: its files by name, and the names of what is built already by source. */
class Page {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    /** @type {Map<string, Uint8Array>} */
    this.files = new Map();
    /** @type {Map<string, Promise<string>>} */
    this.names = new Map();
  }

  /** @param {string} name @param {Uint8Array} bytes @returns {string} */
  put(name, bytes) {
    if (!MEDIA_TYPES.has(extname(name))) throw new Error(`${name}: no media type is known for it`);
    this.files.set(name, bytes);
    return name;
  }

  /** The name under which a source is served. @param {string} source @returns {Promise<string>} */
  nameOf(source) {
    if (STABLE.includes(extname(source))) return Promise.resolve(basename(source)); // documents may name each other
    let name = this.names.get(source);
    if (!name) {
      name = this.add(source);
      this.names.set(source, name);
    }
    return name;
  }

  /** @param {string} source @returns {Promise<string>} */
  async add(source) {
    if (isScript(source)) return this.bundle(source, { format: 'esm' });
    if (extname(source) === '.css') return this.bundle(source, {});
    const content = readFileSync(source);
    const ending = extname(source);
    return this.put(`${basename(source, ending)}-${digest(content).slice(0, 12)}${ending}`, content);
  }

  /** @param {string} source @returns {Promise<string>} */
  async document(source) {
    const text = readFileSync(source, 'utf8');
    const forbidden = FORBIDDEN.exec(text);
    if (forbidden) throw new Error(`${source}: a page has no such thing: ${forbidden[0]}`);
    return this.replace(text, REFERENCE, dirname(source));
  }

  /** @param {string} source @returns {Promise<string>} */
  async webManifest(source) {
    const manifest = JSON.parse(readFileSync(source, 'utf8'));
    for (const icon of manifest.icons ?? []) {
      icon.src = await this.nameOf(resolve(this.folder, icon.src));
    }
    return JSON.stringify(manifest);
  }

  /**
   * A text with the names that served files have.
   * @param {string} text @param {RegExp} reference @param {string} folder
   * @param {(name: string) => string} [write]
   */
  async replace(text, reference, folder, write = (name) => name) {
    let replaced = '';
    let end = 0;
    for (const match of text.matchAll(reference)) {
      const name = await this.nameOf(resolve(folder, match[1]));
      replaced += text.slice(end, match.index) + write(name);
      end = match.index + match[0].length;
    }
    return replaced + text.slice(end);
  }

  /**
   * Bundle a script or a style sheet; returns its name.
   * @param {string} source @param {import('esbuild').BuildOptions} options
   */
  async bundle(source, options) {
    const { outputFiles, metafile } = await build({
      entryNames: '[name]-[hash]',
      ...options,
      entryPoints: [source],
      absWorkingDir: this.folder,
      outdir: '.',
      chunkNames: '[name]-[hash]',
      assetNames: '[name]-[hash]',
      bundle: true,
      minify: true,
      charset: 'utf8',
      splitting: options.format === 'esm',
      target: TARGET,
      loader: { '.png': 'file', '.svg': 'file', '.woff2': 'file' },
      plugins: [this.besides()],
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    for (const file of outputFiles) this.put(basename(file.path), file.contents);
    const [entry] = Object.entries(metafile.outputs).filter(
      ([, output]) => output.entryPoint && resolve(this.folder, output.entryPoint) === source,
    );
    return basename(entry[0]);
  }

  /** Files that scripts name beside themselves (workers, WebAssembly) are built too. @returns {import('esbuild').Plugin} */
  besides() {
    return {
      name: 'besides',
      setup: ({ onLoad }) => {
        // eslint-disable-next-line require-unicode-regexp -- esbuild's are Go's
        onLoad({ filter: /\.m?js$/ }, async ({ path }) => {
          const text = readFileSync(path, 'utf8');
          if (path.includes('node_modules') || !text.match(BESIDE)) return undefined;
          const write = (/** @type {string} */ name) => `new URL('./${name}', import.meta.url)`;
          return { contents: await this.replace(text, BESIDE, dirname(path), write), loader: 'js' };
        });
      },
    };
  }

  /** Everything that the page's folder has of its own, the service worker last: it knows the names of all others. */
  async build() {
    const sources = readdirSync(this.folder).sort();
    for (const name of sources.filter((other) => STABLE.includes(extname(other)))) {
      const source = join(this.folder, name);
      const text = extname(name) === '.html' ? await this.document(source) : await this.webManifest(source);
      this.put(name, Buffer.from(text));
    }
    if (sources.includes(SERVICE_WORKER)) {
      const define = { BUILT_FILES: this.manifest() };
      await this.bundle(join(this.folder, SERVICE_WORKER), { format: 'iife', entryNames: '[name]', define });
    }
  }

  /** All files: media type, digest, and whether a browser may keep them for ever. */
  manifest() {
    const names = [...this.files.keys()].sort();
    return JSON.stringify(Object.fromEntries(names.map((name) => [name, this.describe(name)])), null, 1);
  }

  /** @param {string} name */
  describe(name) {
    const cache = STABLE.includes(extname(name)) || name === SERVICE_WORKER ? 'revalidate' : 'immutable';
    return { type: MEDIA_TYPES.get(extname(name)), sha256: digest(this.files.get(name) ?? new Uint8Array()), cache };
  }
}

/** @param {string} output @param {string} sources */
async function buildAll(output, sources) {
  for (const name of PAGES) {
    const [folder, target] = [join(sources, name), join(output, name)];
    rmSync(target, { recursive: true, force: true });
    if (!existsSync(join(folder, 'index.html'))) continue;
    const page = new Page(folder);
    await page.build();
    mkdirSync(target, { recursive: true });
    for (const [file, bytes] of page.files) writeFileSync(join(target, file), bytes);
    writeFileSync(join(target, 'manifest.json'), `${page.manifest()}\n`);
  }
}

const [output, sources] = process.argv.slice(2);
await buildAll(resolve(output), resolve(sources ?? HERE));
