/** The manifest of the built page, which the build puts in. */
declare const BUILT_FILES: Record<string, { type: string; sha256: string; cache: 'immutable' | 'revalidate' }>;
