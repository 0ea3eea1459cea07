"""Projects, as flask-restful resources: they answer as the plain views do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, url_for
from flask_restful import Api, Resource
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from twopi_demo.auth import bearer
from twopi_demo.database import commit_and_dump, session
from twopi_demo.models import Project
from twopi_demo.schemas import ProjectSchema
from twopi_pagination import paginated
from twopi_token_auth import auth_required, scopes_required
from twopi_webargs import use_args

blueprint = Blueprint("projects", __name__)
api = Api(blueprint)


class ProjectList(Resource):  # type: ignore[misc]
    """All projects."""

    method_decorators = (auth_required(), bearer)

    def get(self) -> Any:
        """List the projects by name."""
        return paginated(
            select(Project).order_by(Project.name), ProjectSchema, session=session
        ).data

    @scopes_required("projects")
    @use_args(ProjectSchema)
    def post(self, values: dict[str, Any]) -> Any:
        """Add a project."""
        project = Project(**values)
        session.add(project)
        stored = save(project)
        place = url_for("projects.projectitem", project_id=stored["id"])
        return stored, 201, {"Location": place}


class ProjectItem(Resource):  # type: ignore[misc]
    """One project."""

    method_decorators = (auth_required(), bearer)

    def get(self, project_id: int) -> Any:
        """Show a project."""
        return ProjectSchema().dump(find(project_id))

    @scopes_required("projects")
    @use_args(ProjectSchema)
    def put(self, values: dict[str, Any], project_id: int) -> Any:
        """Replace a project's name and rate."""
        project = find(project_id)
        for name, value in values.items():
            setattr(project, name, value)
        return save(project)

    @scopes_required("projects")
    def delete(self, project_id: int) -> Any:
        """Delete a project that nobody worked on."""
        session.delete(find(project_id))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            abort(409, "The project has entries; delete or move them first.")
        return "", 204


def find(project_id: int) -> Project:
    """Return a project, or answer 404."""
    return session.get(Project, project_id) or abort(404, "No such project.")


def save(project: Project) -> Any:
    """Commit and dump, or answer 409 if another project has the name."""
    try:
        return commit_and_dump(ProjectSchema, project)
    except IntegrityError:
        session.rollback()
        abort(409, "There is a project of that name.")


api.add_resource(ProjectList, "/projects")
api.add_resource(ProjectItem, "/projects/<id:project_id>")
