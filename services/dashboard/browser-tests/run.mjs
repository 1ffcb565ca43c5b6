// node run.mjs CHECK URL: runs one check against a running dashboard and exits 0 if it holds.
const [name, url] = process.argv.slice(2);
if (!name || !url) {
  console.error("usage: node run.mjs CHECK URL; checks are the files in checks/");
  process.exit(2);
}
try {
  const { default: check } = await import(`./checks/${name}.mjs`);
  await check(url);
  console.log(`${name}: holds`);
  process.exit(0);
} catch (error) {
  console.error(`${name}: ${error.stack ?? error}`);
  process.exit(1);
}
