/** How the page's scripts are linted; types are `tsc`'s, borders are tests/web/borders.test.js's. */

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["node_modules/", ".venv/"] },
  js.configs.recommended,
  {
    rules: {
      "no-unused-vars": ["error", { args: "none", caughtErrors: "all", ignoreRestSiblings: true }], // a callback's parameters say what it is given
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["web/**/*.js", "benchmarks/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["tests/web/**/*.js", "*.config.js"], languageOptions: { globals: globals.node } },
];
