"""The jobs of docs/pods.md: shells and Kubernetes can read them, and what they count
fits together."""

import pathlib
import re
import subprocess

import pytest
import yaml

PAGE = (pathlib.Path(__file__).parents[2] / 'docs/pods.md').read_text()
SHELL = re.findall(r'^```\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
(JOB,) = re.findall(r'^```yaml\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize('text', SHELL, ids=lambda text: text.split()[0])
def test_a_shell_can_read_it(text):
    done = subprocess.run(['bash', '-n'], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, '')


def test_kubernetes_has_as_many_pods_as_processes():
    service, job = yaml.safe_load_all(JOB)
    spec = job['spec']
    (container,) = spec['template']['spec']['containers']
    (script,) = container['args']
    (told,) = re.findall(r'num_processes=(\d+)', script)
    assert int(told) == spec['completions'] == spec['parallelism'] == 2
    assert spec['completionMode'] == 'Indexed'
    host = f'{job["metadata"]["name"]}-0.{service["metadata"]["name"]}:'
    assert f'coordinator={host}' in script
    assert spec['template']['spec']['subdomain'] == service['metadata']['name']
    done = subprocess.run(['sh', '-n'], input=script, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, '')


def test_slurm_starts_a_task_for_each_gpu():
    (text,) = (text for text in SHELL if '#SBATCH' in text)
    options = dict(re.findall(r'--([a-z-]+)=(\S+)', text))
    assert options['ntasks-per-node'] == options['gpus-per-node']
    assert options['signal'].startswith('TERM@')
