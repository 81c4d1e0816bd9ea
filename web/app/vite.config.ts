import { defineConfig } from "vite";

// The output is committed and compared byte by byte, so nothing here may depend on the machine: no
// source maps, no banner with a date, names from content only.
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // A data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    // `npm run dev` shows the sources against a running RouterPulse.
    proxy: { "/v1": "http://127.0.0.1:8080", "/api": "http://127.0.0.1:8080", "/login": "http://127.0.0.1:8080" },
  },
});
