// Types of bundle.mjs, for the tests.
export function isBundleCurrent(): boolean;
export function hasBundler(): boolean;
