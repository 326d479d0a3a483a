/** What kind of project a directory is. Pure. */
import { detectGo, detectRust } from './compiled-projects.ts';
import { detectCompose } from './compose-project.ts';
import type { DetectedProject } from './detected-project.ts';
import { detectDockerfile } from './dockerfile-project.ts';
import { detectNode } from './node-project.ts';
import type { ProjectFiles } from './project-files.ts';
import { detectPython } from './python-project.ts';

/** In this order: whoever has sources wants to run them, whatever else describes how they are packed. */
const detectors = [detectNode, detectGo, detectPython, detectRust, detectDockerfile, detectCompose];

/** The first kind that fits; undefined when none does. @throws UsageError for a file that cannot be understood */
export function detectProject(files: ProjectFiles): DetectedProject | undefined {
  for (const detect of detectors) {
    const project = detect(files);
    if (project !== undefined) return project;
  }
  return undefined;
}
