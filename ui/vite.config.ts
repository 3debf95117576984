/// <reference types="vitest/config" />
import { defineConfig } from "vite";

/** The build goes into the Python package, names by hash, all addresses relative to the page's base. */
export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir: "../src/argosy/page",
    emptyOutDir: false,
    assetsDir: "assets",
    modulePreload: { polyfill: false },
    sourcemap: false,
    target: "es2022",
  },
  test: { include: ["src/**/*.test.ts"] },
});
