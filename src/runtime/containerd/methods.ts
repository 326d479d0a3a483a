/** Every method of containerd that Eliot calls: CRI v1 and containerd's native services, on one socket. */
import * as containers from '../../gen/containerd/containers-messages.ts';
import * as content from '../../gen/containerd/content-messages.ts';
import * as events from '../../gen/containerd/events-messages.ts';
import * as images from '../../gen/containerd/images-messages.ts';
import * as leases from '../../gen/containerd/leases-messages.ts';
import * as tasks from '../../gen/containerd/tasks-messages.ts';
import { Empty } from '../../gen/containerd/types-messages.ts';
import * as version from '../../gen/containerd/version-messages.ts';
import * as criImage from '../../gen/cri/image-messages.ts';
import * as cri from '../../gen/cri/runtime-messages.ts';
import { method } from './grpc/method.ts';

/** The metadata of every call: CRI keeps all its objects in this containerd namespace. */
export const criNamespace = { 'containerd-namespace': 'k8s.io' } as const;

const runtimeService = '/runtime.v1.RuntimeService';
const criImageService = '/runtime.v1.ImageService';

/** CRI's RuntimeService. */
export const criRuntime = {
  version: method(`${runtimeService}/Version`, cri.VersionRequest, cri.VersionResponse),
  status: method(`${runtimeService}/Status`, cri.StatusRequest, cri.StatusResponse),
  runPodSandbox: method(`${runtimeService}/RunPodSandbox`, cri.RunPodSandboxRequest, cri.RunPodSandboxResponse),
  stopPodSandbox: method(`${runtimeService}/StopPodSandbox`, cri.StopPodSandboxRequest, cri.EmptyResponse),
  removePodSandbox: method(`${runtimeService}/RemovePodSandbox`, cri.RemovePodSandboxRequest, cri.EmptyResponse),
  podSandboxStatus: method(
    `${runtimeService}/PodSandboxStatus`,
    cri.PodSandboxStatusRequest,
    cri.PodSandboxStatusResponse,
  ),
  listPodSandbox: method(`${runtimeService}/ListPodSandbox`, cri.ListPodSandboxRequest, cri.ListPodSandboxResponse),
  createContainer: method(`${runtimeService}/CreateContainer`, cri.CreateContainerRequest, cri.CreateContainerResponse),
  startContainer: method(`${runtimeService}/StartContainer`, cri.StartContainerRequest, cri.EmptyResponse),
  stopContainer: method(`${runtimeService}/StopContainer`, cri.StopContainerRequest, cri.EmptyResponse),
  removeContainer: method(`${runtimeService}/RemoveContainer`, cri.RemoveContainerRequest, cri.EmptyResponse),
  listContainers: method(`${runtimeService}/ListContainers`, cri.ListContainersRequest, cri.ListContainersResponse),
  containerStatus: method(`${runtimeService}/ContainerStatus`, cri.ContainerStatusRequest, cri.ContainerStatusResponse),
  containerStats: method(`${runtimeService}/ContainerStats`, cri.ContainerStatsRequest, cri.ContainerStatsResponse),
  reopenContainerLog: method(`${runtimeService}/ReopenContainerLog`, cri.ReopenContainerLogRequest, cri.EmptyResponse),
  execSync: method(`${runtimeService}/ExecSync`, cri.ExecSyncRequest, cri.ExecSyncResponse),
  /** Answers with a URL of CRI's streaming server, good for one connection. */
  attach: method(`${runtimeService}/Attach`, cri.AttachRequest, cri.AttachResponse),
  /** Answers with a URL of CRI's streaming server, good for one connection. */
  portForward: method(`${runtimeService}/PortForward`, cri.PortForwardRequest, cri.PortForwardResponse),
} as const;

/** CRI's ImageService. */
export const criImages = {
  listImages: method(`${criImageService}/ListImages`, criImage.ListImagesRequest, criImage.ListImagesResponse),
  imageStatus: method(`${criImageService}/ImageStatus`, criImage.ImageStatusRequest, criImage.ImageStatusResponse),
  pullImage: method(`${criImageService}/PullImage`, criImage.PullImageRequest, criImage.PullImageResponse),
} as const;

/** containerd's own version: the cheapest sign of life. */
export const versionService = {
  version: method('/containerd.services.version.v1.Version/Version', Empty, version.VersionResponse),
} as const;

export const eventService = {
  subscribe: method('/containerd.services.events.v1.Events/Subscribe', events.SubscribeRequest, events.Envelope),
} as const;

const taskPath = '/containerd.services.tasks.v1.Tasks';

/** Processes of containers: what exec with real streams needs. */
export const taskService = {
  get: method(`${taskPath}/Get`, tasks.GetRequest, tasks.GetResponse),
  exec: method(`${taskPath}/Exec`, tasks.ExecProcessRequest, Empty),
  start: method(`${taskPath}/Start`, tasks.StartRequest, tasks.StartResponse),
  kill: method(`${taskPath}/Kill`, tasks.KillRequest, Empty),
  resizePty: method(`${taskPath}/ResizePty`, tasks.ResizePtyRequest, Empty),
  closeIO: method(`${taskPath}/CloseIO`, tasks.CloseIORequest, Empty),
  wait: method(`${taskPath}/Wait`, tasks.WaitRequest, tasks.WaitResponse),
  deleteProcess: method(`${taskPath}/DeleteProcess`, tasks.DeleteProcessRequest, tasks.DeleteResponse),
  listPids: method(`${taskPath}/ListPids`, tasks.ListPidsRequest, tasks.ListPidsResponse),
} as const;

const containerPath = '/containerd.services.containers.v1.Containers';

/** containerd's record of a container, with its OCI spec. */
export const containerService = {
  get: method(`${containerPath}/Get`, containers.GetContainerRequest, containers.GetContainerResponse),
  list: method(`${containerPath}/List`, containers.ListContainersRequest, containers.ListContainersResponse),
} as const;

const contentPath = '/containerd.services.content.v1.Content';

/** The store of blobs, and of downloads under way. */
export const contentService = {
  info: method(`${contentPath}/Info`, content.InfoRequest, content.InfoResponse),
  update: method(`${contentPath}/Update`, content.UpdateRequest, content.UpdateResponse),
  read: method(`${contentPath}/Read`, content.ReadContentRequest, content.ReadContentResponse),
  /** A stream of answers. */
  list: method(`${contentPath}/List`, content.ListContentRequest, content.ListContentResponse),
  listStatuses: method(`${contentPath}/ListStatuses`, content.ListStatusesRequest, content.ListStatusesResponse),
  write: method(`${contentPath}/Write`, content.WriteContentRequest, content.WriteContentResponse),
  abort: method(`${contentPath}/Abort`, content.AbortRequest, Empty),
  delete: method(`${contentPath}/Delete`, content.DeleteContentRequest, Empty),
} as const;

const imagePath = '/containerd.services.images.v1.Images';

/** Names of content. */
export const imageService = {
  get: method(`${imagePath}/Get`, images.GetImageRequest, images.GetImageResponse),
  list: method(`${imagePath}/List`, images.ListImagesRequest, images.ListImagesResponse),
  create: method(`${imagePath}/Create`, images.CreateImageRequest, images.CreateImageResponse),
  update: method(`${imagePath}/Update`, images.UpdateImageRequest, images.UpdateImageResponse),
  delete: method(`${imagePath}/Delete`, images.DeleteImageRequest, Empty),
} as const;

const leasePath = '/containerd.services.leases.v1.Leases';

/** What keeps content from the garbage collector meanwhile. */
export const leaseService = {
  create: method(`${leasePath}/Create`, leases.CreateRequest, leases.CreateResponse),
  delete: method(`${leasePath}/Delete`, leases.DeleteRequest, Empty),
  list: method(`${leasePath}/List`, leases.ListRequest, leases.ListResponse),
  addResource: method(`${leasePath}/AddResource`, leases.AddResourceRequest, Empty),
  deleteResource: method(`${leasePath}/DeleteResource`, leases.DeleteResourceRequest, Empty),
  listResources: method(`${leasePath}/ListResources`, leases.ListResourcesRequest, leases.ListResourcesResponse),
} as const;
