// @fastify/static with a folder: serve-fastify.ts ADDRESS FOLDER
import fastifyStatic from "@fastify/static";
import { fastify } from "fastify";

const [host, root] = process.argv.slice(2) as [string, string];
const app = fastify();
await app.register(fastifyStatic, { root });
await app.listen({ host, port: 80 });
