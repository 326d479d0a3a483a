/** What each kind is. */
export const kindDescriptions: Readonly<Record<string, string>> = {
  'apps.v1.Deployment':
    'A Deployment keeps a number of equal pods running and replaces them step by step when its template changes.',
  'apps.v1.ReplicaSet': 'A ReplicaSet keeps a number of equal pods running. It is usually made by a Deployment.',
  'authentication.v1.SelfSubjectReview': 'A SelfSubjectReview tells whoever creates it who he is to the device.',
  'authentication.v1.TokenReview': 'A TokenReview tells whoever creates it whose token something is.',
  'authorization.v1.SelfSubjectAccessReview':
    'A SelfSubjectAccessReview tells whoever creates it whether he may do something.',
  'authorization.v1.SelfSubjectRulesReview':
    'A SelfSubjectRulesReview tells whoever creates it what he may do in a namespace.',
  'coordination.v1.Lease': 'A Lease says who holds something, and until when if he does not renew it.',
  'core.v1.ConfigMap': 'A ConfigMap holds configuration for pods, as texts by key.',
  'core.v1.Event': 'An Event says what has happened to an object. Events are kept in memory and for an hour.',
  'core.v1.LimitRange':
    'A LimitRange says what pods and containers of a namespace get when they ask for nothing, and bounds what they may ask for.',
  'core.v1.Namespace': 'A Namespace is a room for names. What is in it goes when it is deleted.',
  'core.v1.Node': 'A Node is a machine that runs pods: here it is the device.',
  'core.v1.Pod': 'A Pod is a group of containers that run together on the device, with one address and shared volumes.',
  'core.v1.ReplicationController':
    'A ReplicationController is the forerunner of the ReplicaSet. A device has none; the list is always empty.',
  'core.v1.ResourceQuota':
    'A ResourceQuota bounds how much all objects of a namespace may take together, and how many there may be.',
  'core.v1.Secret': 'A Secret holds small pieces of data that not everybody should see, as bytes by key.',
  'core.v1.Service':
    'A Service is a fixed address for pods that come and go. A device has none yet; the list is always empty.',
  'core.v1.ServiceAccount': 'A ServiceAccount is who the processes of a pod are to the device.',
  'events.v1.Event': 'An Event says what has happened to an object: the newer form of the same events.',
  'node.v1.RuntimeClass': 'A RuntimeClass is another way to run the containers of a pod, and what it costs.',
  'scheduling.v1.PriorityClass': 'A PriorityClass is a name for how important pods are.',
  'policy.v1.PodDisruptionBudget':
    'A PodDisruptionBudget says how many of a group of pods must stay when pods are evicted on purpose, as kubectl drain does.',
  'run.eliot.v1alpha1.Image':
    'An Image is an image that is on the device or on its way. Deleting one removes it, unless something wants it.',
  'run.eliot.v1alpha1.Bundle':
    'A Bundle is an application that came to the device as one file. Creating one sends the file; deleting it removes what it brought.',
  'run.eliot.v1alpha1.ImageArchive':
    'An ImageArchive is a tar file of images. Creating one loads them; it is not kept.',
  'run.eliot.v1alpha1.Client':
    'A Client is a certificate by which somebody is let in. Deleting it shuts him out at once.',
  'run.eliot.v1alpha1.ImageLayer':
    'An ImageLayer is a layer of an image that is pushed. Creating one hands over a part of it; it is not kept.',
  'run.eliot.v1alpha1.ImagePush':
    'An ImagePush says which image shall be on the device. Creating one tells which layers are missing, and with none missing names the image; it is not kept.',
  'run.eliot.v1alpha1.ImagePull':
    'An ImagePull asks the device to fetch an image. Creating one fetches it; it is not kept.',
  'run.eliot.v1alpha1.PodSignal':
    'A PodSignal is a signal for the first process of a container. Creating one sends it; it is not kept.',
  'authorization.v1.LocalSubjectAccessReview':
    'A LocalSubjectAccessReview tells whether somebody may do something in one namespace.',
  'authorization.v1.SubjectAccessReview': 'A SubjectAccessReview tells whether somebody may do something.',
  'metrics.v1beta1.NodeMetrics': 'NodeMetrics tell what the device uses.',
  'metrics.v1beta1.PodMetrics': 'PodMetrics tell what the containers of a pod use.',
};
