package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	gen "github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

type python struct{}

// The Python that the options in Pulumi.yaml or PulumiPlugin.yaml choose.
func (python) chosen(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	options := info.GetOptions().AsMap()
	virtualenv, _ := options["virtualenv"].(string)
	if virtualenv == "" {
		virtualenv = os.Getenv("PULUMI_RUNTIME_VIRTUALENV")
	}
	kinds := map[any]toolchain.PythonOptions{
		"pip": {Toolchain: toolchain.Pip}, "poetry": {Toolchain: toolchain.Poetry}, "uv": {Toolchain: toolchain.Uv},
	}
	chosen := kinds[options["toolchain"]]
	chosen.Root, chosen.ProgramDir, chosen.Virtualenv = info.GetRootDirectory(), info.GetProgramDirectory(), virtualenv
	return toolchain.ResolveToolchain(chosen)
}

func (p python) Command(ctx context.Context, engine string, req *pulumirpc.RunRequest) (*exec.Cmd, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	chosen, err := p.chosen(req.Info)
	if err != nil {
		return nil, err
	}
	flags := append(arguments(engine, req, "root_directory"), "--dry_run", strconv.FormatBool(req.DryRun))
	runner := filepath.Join(filepath.Dir(own), "pulumi-language-python-exec")
	command, err := chosen.Command(ctx, append(append([]string{"-u", runner}, flags...), req.Info.EntryPoint)...)
	if err != nil {
		return nil, err
	}
	command.Dir = req.Pwd
	return command, nil
}

func (p python) Plugin(ctx context.Context, req *pulumirpc.RunPluginRequest) (*exec.Cmd, error) {
	chosen, err := p.chosen(req.Info)
	if err != nil {
		return nil, err
	}
	if req.Kind == "analyzer" {
		return chosen.ModuleCommand(ctx, "pulumi.policy", append(req.Args, req.Info.ProgramDirectory)...)
	}
	return chosen.Command(ctx, append([]string{"-u", req.Info.ProgramDirectory}, req.Args...)...)
}

func (p python) Install(
	ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer,
) error {
	chosen, err := p.chosen(req.Info)
	if err != nil {
		return err
	}
	return chosen.InstallDependencies(ctx, req.Info.ProgramDirectory, req.UseLanguageVersionTools, true, stdout, stderr)
}

func (python) Generate(pkg *schema.Package, _ map[string]string, _ bool, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	return gen.GeneratePackage("pulumi-language-python", pkg, nil, loader)
}

func (p python) Link(ctx context.Context, info *pulumirpc.ProgramInfo, name, sdk string) (string, error) {
	chosen, err := p.chosen(info)
	if err != nil {
		return "", err
	}
	return name, chosen.LinkPackages(ctx, map[string]string{name: sdk})
}
