"""Manifests as a platform's repository holds them: files of a hundred objects each."""

from pathlib import Path

OBJECTS_PER_FILE = 100

_META = """\
  name: {name}
  namespace: {ns}
  labels:
    app.kubernetes.io/name: {app}
    app.kubernetes.io/instance: {name}
    app.kubernetes.io/part-of: training
    app.kubernetes.io/managed-by: Helm
    helm.sh/chart: {app}-2.14.{i}
  annotations:
    meta.helm.sh/release-name: {app}
    meta.helm.sh/release-namespace: {ns}
    argocd.argoproj.io/tracking-id: "platform:apps/Deployment:{ns}/{name}"
"""

_CONTAINER = """\
      - name: {app}
        image: registry.example.org/{ns}/{app}:2026.11.{i}
        imagePullPolicy: IfNotPresent
        command: [torchrun, --nnodes=1, --nproc-per-node={gpus}, train.py]
        env:
        - name: NODE_NAME
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
        - name: NCCL_DEBUG
          value: WARN
        - name: DATASET
          value: "s3://datasets/{ns}/{name}"
        ports:
        - name: http
          containerPort: 8080
        readinessProbe:
          httpGet: {{path: /ready, port: http}}
          periodSeconds: 10
        livenessProbe:
          httpGet: {{path: /live, port: http}}
          periodSeconds: 20
        resources:
          requests:
            cpu: "4"
            memory: 32Gi
            nvidia.com/gpu: {gpus}
          limits:
            memory: 32Gi
            nvidia.com/gpu: {gpus}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
        volumeMounts:
        - name: shm
          mountPath: /dev/shm
        - name: data
          mountPath: /data
          readOnly: true
"""

_POD = """\
      serviceAccountName: {app}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile:
          type: RuntimeDefault
{spread}{tolerations}      containers:
{container}      volumes:
      - name: shm
        emptyDir:
          medium: Memory
          sizeLimit: 16Gi
      - name: data
        persistentVolumeClaim:
          claimName: {app}-data
          readOnly: true
"""

_SPREAD = """\
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector:
          matchLabels:
            app.kubernetes.io/instance: {name}
"""

_TOLERATIONS = """\
      tolerations:
      - key: nvidia.com/gpu
        operator: Exists
        effect: NoSchedule
"""

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
{meta}spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/instance: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {app}
        app.kubernetes.io/instance: {name}
    spec:
{pod}"""

_JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
{meta}spec:
  backoffLimit: 2
  ttlSecondsAfterFinished: 86400
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {app}
        app.kubernetes.io/instance: {name}
    spec:
      restartPolicy: Never
{pod}"""

_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
{meta}spec:
  selector:
    app.kubernetes.io/instance: {name}
  ports:
  - name: http
    port: 80
    targetPort: http
"""

_CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
{meta}data:
  train.yaml: |
    model: {app}
    epochs: 40
    batch: 64
    optimizer: {{name: adamw, lr: 0.0003, betas: [0.9, 0.95]}}
    checkpoints: /checkpoints/{name}
"""

_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
{meta}spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/instance: {name}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: monitoring
    ports:
    - {{protocol: TCP, port: 8080}}
  egress:
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
    ports:
    - {{protocol: UDP, port: 53}}
    - {{protocol: TCP, port: 53}}
"""

_CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
{meta}spec:
  accessModes: [ReadWriteMany]
  storageClassName: shared
  resources:
    requests:
      storage: 500Gi
"""

_KINDS = (_DEPLOYMENT, _DEPLOYMENT, _JOB, _SERVICE, _CONFIG, _DEPLOYMENT, _JOB, _POLICY, _DEPLOYMENT, _CLAIM)


def write(directory, objects, careless=False):
    """`objects` of them below `directory`, the same for the same number. Returns the bytes.

    One workload in ten has a mistake, as in a repository that somebody looks after; of a
    careless one, every Deployment."""
    directory = Path(directory)
    size = 0
    for first in range(0, objects, OBJECTS_PER_FILE):
        text = "---\n".join(_manifest(i, careless) for i in range(first, first + OBJECTS_PER_FILE))
        (directory / f"app-{first // OBJECTS_PER_FILE:04}.yaml").write_text(text)
        size += len(text)
    return size


def _manifest(i, careless):
    app = f"train-{i // 10}"
    values = {"app": app, "name": f"{app}-{i % 10}", "ns": f"team-{i // OBJECTS_PER_FILE % 40:02}", "i": i,
              "gpus": 1 + i % 8, "tolerations": _TOLERATIONS}
    values["meta"] = _META.format(**values)
    values["container"] = _CONTAINER.format(**values)
    values["spread"] = "" if careless or i // 10 % 10 == 0 else _SPREAD.format(**values)
    values["pod"] = _POD.format(**values)
    return _KINDS[i % 10].format(**values)
