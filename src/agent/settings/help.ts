/** What `eliotd --help` prints. */
export const eliotdHelp = `eliotd runs the pods of this device and serves its Kubernetes API.

Usage:
  eliotd [flags]          run the daemon; it says "eliotd ready" on stdout when the API answers
  eliotd pair [flags]     show a code with which a person pairs a laptop (eli pair): 5 minutes, 5 tries, once
                          --group masters|developers|viewers  what the person may do     (default masters)
                          --name NAME                         whatever the laptop says   (default USER@HOST)
                          --quiet                             print the code alone
  eliotd stop [flags]     stop this instance's pods and containerd; its data stays, the next start runs the pods again
  eliotd reset [flags]    stop this instance's pods and containerd, remove its mounts, network and data
  eliotd reset --identity [flags]
                          make another device of a copy: new certificates, nobody is paired any more; what it runs stays
  eliotd version

Flags (each also as ELIOT_<NAME>, for example ELIOT_DATA_DIR, and as a key of the file):
  --data-dir DIR          what must outlive a reboot          (default /var/lib/eliot)
  --run-dir DIR           what must not; on tmpfs             (default /run/eliot)
  --listen HOST:PORT      address of the API                  (default 0.0.0.0:6443)
  --containerd WHAT       "managed", or an existing socket    (default managed)
  --node-name NAME        name of the node                    (default the host name)
  --labels K=V,K=V        labels of the node
  --no-discovery          do not announce the device on the LAN
  --pod-cidr CIDR         network of the pods                 (default 10.85.0.0/16)
  --bridge NAME           bridge of the pods                  (default eliot0)
  --show-pairing-code WHERE   at each start until somebody has paired: never, console or stdout (default never)
  --config FILE           YAML file with these and further settings, named as in KubeletConfiguration
  --log-level LEVEL       error, warn, info or debug          (default info)

Examples:
  eliotd
  eliotd --data-dir /data/eliot --labels zone=kitchen
  eliotd pair --group developers --name anna
  ELIOT_LISTEN=127.0.0.1:7443 eliotd --config /etc/eliot/eliotd.yaml
  kubectl --kubeconfig /var/lib/eliot/admin.kubeconfig get pods -A

Two instances live side by side on one machine when data-dir, run-dir, listen, pod-cidr and bridge differ.
`;
