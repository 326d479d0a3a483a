/** The file in which a project says how it is run. */
export const eliotFileName = '.eliot.yml';
